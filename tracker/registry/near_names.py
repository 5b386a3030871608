"""Near names: "did you mean" for the name of a command or parameter that is not known."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from tracker.formats.sent_names import shown_name

#: Unknown parameters that are named, and characters of each name: the text becomes a response header.
MAX_NOTES, MAX_NAME = 5, 40
#: Characters of all notes together.
MAX_NOTES_LENGTH = 500
#: How alike two names have to be, from 0 to 1: one wrong letter in five.
_LIKENESS = 0.8
#: Letters of the shortest names that are compared: `sid` has two of the three letters of `ID`, and means another thing.
_MIN_COMPARED = 4
_SIGNS = re.compile(r"[^a-z0-9]+")
_UNSAFE = re.compile(r"[^!-~]")


class NearNames:
    """The known names, looked up without letter case and without signs: `list_id` is near `ListID`.

    `aliases` are the words of other trackers for known names: {name: words}. A word may be that of several names.
    """

    def __init__(self, names: Iterable[str], aliases: Mapping[str, Sequence[str]] | None = None) -> None:
        self._names = {_folded(name): name for name in names}
        self._compared = [folded for folded in self._names if len(folded) >= _MIN_COMPARED]
        self._meant: dict[str, list[str]] = {}
        for name, words in (aliases or {}).items():
            for word in words:
                self._meant.setdefault(_folded(word), []).append(name)

    def near(self, name: str) -> str | None:
        """Return the known name that is nearest to `name`, or `this or that`, or None. Takes 20 to 130 µs, whatever the name."""
        if len(name) > MAX_NAME:
            return None
        folded = _folded(name)
        if folded in self._names:
            return self._names[folded]
        if folded in self._meant:
            return " or ".join(self._meant[folded])
        if len(folded) < _MIN_COMPARED:
            return None
        [nearest] = difflib.get_close_matches(folded, self._compared, 1, _LIKENESS) or [""]
        return self._names.get(nearest)

    def notes(self, unknown: Iterable[str], place: str = "") -> str:
        """Return a line that tells of unknown parameters and near names, in printable ASCII; "" if there are none.

        At most MAX_NOTES are named, and only that many, and one more, are taken from `unknown`. `place` is the parameter in
        whose objects they stand.
        """
        found, where = list(islice(unknown, MAX_NOTES + 1)), f" in {place}" if place else ""
        notes = [self._note(name, where) for name in found[:MAX_NOTES]]
        if len(found) > MAX_NOTES:
            notes.append(f"further unknown parameters{where}")
        return joined(*notes)

    def _note(self, name: str, where: str) -> str:
        near = self.near(name)
        kept = shown_name(name)  # the line is kept with refused calls
        shown = _UNSAFE.sub("?", kept[:MAX_NAME]) + ("..." if len(kept) > MAX_NAME else "") + where
        return f"unknown parameter {shown}: did you mean {near}?" if near else f"unknown parameter {shown}"


def joined(*notes: str) -> str:
    """Return the notes that are not empty as one line of at most MAX_NOTES_LENGTH characters."""
    return "; ".join(filter(None, notes))[:MAX_NOTES_LENGTH]


def _folded(name: str) -> str:
    return _SIGNS.sub("", name.lower())
