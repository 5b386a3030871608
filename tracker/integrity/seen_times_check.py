"""Seen times check: first and last times of catalogued names, compared with those of the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tracker.storage.aggregates import CatalogueCounts, SeenTimes, both
from tracker.times import iso_utc

#: An event name with None, or with one of its properties.
NameKey = tuple[bytes, bytes | None]
NameTimes = Mapping[NameKey, SeenTimes]


class WrongTime(NamedTuple):
    """A time of a name that the events contradict."""

    key: NameKey
    column: str
    stored: int
    counted: int

    @property
    def texts(self) -> tuple[str, str]:
        """What is stored and what the events say, in words."""
        what = self.column.removesuffix("_at").replace("_", " ")
        return f"{what} {iso_utc(self.stored)}", iso_utc(self.counted)


def times_by_key(counts: CatalogueCounts) -> dict[NameKey, SeenTimes]:
    """Return the times of the names of one list."""
    return {(name, item): times for (_, name, item), times in counts.times()}


def wrong_times(
    stored: tuple[NameTimes, NameTimes], counted: NameTimes, due: NameTimes, is_whole: bool
) -> Iterator[WrongTime]:
    """Yield the times that contradict the events.

    `stored` was read before the events and after them. The times enclose those of the events that are `due`. Where no event
    has been deleted (`is_whole`), first and last are those of events: a name has been seen, whatever became of its events.
    """
    before, after = stored
    for key in sorted(after.keys() & counted.keys(), key=lambda key: (key[0], key[1] or b"", key[1] is None)):
        yield from _too_narrow(key, after[key], due.get(key))
        if is_whole:
            yield from _too_wide(key, before.get(key), counted[key])


def _too_narrow(key: NameKey, stored: SeenTimes, due: SeenTimes | None) -> Iterator[WrongTime]:
    if due is not None:
        for column, now, least, widest in zip(SeenTimes._fields, stored, due, both(stored, due), strict=True):
            if now != widest:
                yield WrongTime(key, column, now, least)


def _too_wide(key: NameKey, stored: SeenTimes | None, counted: SeenTimes) -> Iterator[WrongTime]:
    if stored is not None:
        both_of_them = zip(SeenTimes._fields, stored, counted, both(stored, counted), strict=True)
        for column, now, most, widest in list(both_of_them)[:2]:
            if most != widest:
                yield WrongTime(key, column, now, most)
