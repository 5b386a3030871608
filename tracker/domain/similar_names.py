"""Which names look like one thing spelled twice? A pure rule: `productId`, `product_id` and `Product-ID`."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

#: What different spellings put between words, or before them.
_DROPPED = str.maketrans("", "", "_- $")
#: Groups that are told, and names of each: no more is read by anybody.
MAX_GROUPS, MAX_IN_GROUP = 100, 20


def similar_names(names: Iterable[str]) -> list[list[str]]:
    """Groups of two or more different names that are folded to the same, sorted, and the groups by their first name.

    At most MAX_GROUPS of at most MAX_IN_GROUP.
    """
    spellings: dict[str, set[str]] = {}
    for name in names:
        spellings.setdefault(folded(name), set()).add(name)
    groups = sorted(sorted(group)[:MAX_IN_GROUP] for group in spellings.values() if len(group) > 1)
    return groups[:MAX_GROUPS]


def folded(name: str) -> str:
    """A name without letter case, `_`, `-`, space, `$` and accents; itself if it has nothing else."""
    if name.isascii():
        return name.translate(_DROPPED).lower() or name
    # Folding the case can bring accents with it, and the other way round.
    bare = _without_accents(_without_accents(name).casefold())
    return bare.translate(_DROPPED) or name


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFD", text) if unicodedata.category(each) != "Mn")
