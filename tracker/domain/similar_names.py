"""Similar names: groups names that are probably one thing spelled twice, such as `productId`, `product_id`, `Product-ID`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

#: Characters that spellings put between words, or before them.
_DROPPED = str.maketrans("", "", "_- $")
#: Groups in an answer, and names of each group: nobody reads more.
MAX_GROUPS, MAX_IN_GROUP = 100, 20


def similar_names(names: Iterable[str]) -> list[list[str]]:
    """Return groups of two or more names that fold to the same text: sorted names, groups sorted by their first name.

    At most MAX_GROUPS groups of at most MAX_IN_GROUP names.
    """
    spellings: dict[str, set[str]] = {}
    for name in names:
        spellings.setdefault(folded(name), set()).add(name)
    groups = sorted(sorted(group)[:MAX_IN_GROUP] for group in spellings.values() if len(group) > 1)
    return groups[:MAX_GROUPS]


def folded(name: str) -> str:
    """Return the name without letter case, `_`, `-`, spaces, `$` and accents, or the name itself if nothing is left."""
    if name.isascii():
        return name.translate(_DROPPED).lower() or name
    # Folding the case can bring accents with it, and the other way round.
    bare = _without_accents(_without_accents(name).casefold())
    return bare.translate(_DROPPED) or name


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", text) if unicodedata.category(each) != "Mn")
