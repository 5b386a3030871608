"""People bits: people in many cells counted in one pass, each tie with a bit for every cell that it has an event in.

Gathering events by (tie, value) makes a row for each pair; gathering them by tie alone, with the cells as bits of a number, makes
far fewer, which is three times as quick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tracker.analytics.queries.selection import Selection

#: Cells of a word: bits of a signed number of 64, short of the last ones.
BITS = 60
#: Cells beyond which ties are gathered by cell: then most words have one bit.
MAX_CELLS = 6 * BITS


class CellNumbers:
    """Numbers of the cells of a level: by bucket of time, and by the values of dimensions that are asked for."""

    def __init__(self, has_time: bool, buckets: int, columns: Sequence[Sequence[Any]]) -> None:
        self._has_time, self._buckets = has_time, buckets
        #: The values of each dimension; not set comes last. Other values have no number.
        self._values = [[value for value in dict.fromkeys(column) if value is not None] for column in columns]
        self.count = buckets
        for values in self._values:
            self.count *= len(values) + 1

    def sql(self, selection: Selection, keys: Sequence[str]) -> str:
        """Return SQL for the number of an event's cell; `keys` are SQL of the bucket, if there is time, and the values."""
        number, size = keys[0] if self._has_time else "0", self._buckets
        for values, key in zip(self._values, keys[self._has_time :], strict=True):
            listed = selection.parameters.bind_texts(values)
            place = selection.dialect.place_in(listed, key)
            number = f"{number} + {size} * (CASE WHEN {key} IS NULL THEN {len(values)} ELSE {place} - 1 END)"
            size *= len(values) + 1
        return f"CAST({number} AS BIGINT)"

    def cell(self, number: int) -> tuple[Any, ...]:
        """Return the cell of this number."""
        number, bucket = divmod(number, self._buckets)
        cell: list[Any] = [bucket] if self._has_time else []
        for values in self._values:
            number, place = divmod(number, len(values) + 1)
            cell.append(values[place] if place < len(values) else None)
        return tuple(cell)


def bits_sql(selection: Selection, cell: str, cells: int, goal: str | None) -> str:
    """Return a statement for a row per word of cells: its number, people of each bit, and those who reached the goal.

    `cell` is SQL for the number of an event's cell, null for none. In one word a bit is left for the events of no cell, and the row
    ends with the people of all events, and those who reached the goal.
    """
    count, is_one_word = min(cells, BITS), cells < BITS
    cell = f"coalesce({cell}, {cells})" if is_one_word else cell
    dialect = selection.dialect
    bit, word = dialect.bit(cell), "0"
    if not is_one_word:
        bit, word = dialect.bit(f"({cell}) % {BITS}"), dialect.whole_quotient(f"({cell})", BITS)
    reached = f", bit_or({bit}) FILTER (WHERE {goal}) AS reached" if goal else ""
    own = f"SELECT {selection.owner}, {word} AS word, bit_or({bit}) AS seen{reached} {selection.source()} GROUP BY 1, 2"
    either = ", bit_or(d.reached) AS reached" if goal else ""
    actor, joined = selection.whose("d")
    actors = f"SELECT {actor}, d.word AS word, bit_or(d.seen) AS seen{either} FROM d{joined} WHERE d.seen IS NOT NULL GROUP BY 1, 2"
    sums = [_sum(dialect.bit_of("seen", str(number))) for number in range(count)]
    sums += [_sum(dialect.bit_of("reached", str(number))) for number in range(count)] if goal else []
    if is_one_word:
        sums += ["count(*)", *(["count(*) FILTER (WHERE reached <> 0)"] if goal else [])]
    return f"WITH d AS ({own}), a AS ({actors}) SELECT word, {', '.join(sums)} FROM a GROUP BY word"


def read_bits(
    rows: Sequence[Sequence[Any]], cells: int, has_goal: bool
) -> Iterator[tuple[int | None, int, int]]:
    """Return (number of a cell, people, people who reached the goal) for each cell with people; None is everything."""
    count = min(cells, BITS)
    for word, *sums in rows:
        for number in range(count):
            if people := sums[number]:
                yield word * BITS + number, people, sums[count + number] or 0 if has_goal else 0
        if cells < BITS:
            yield (None, *sums[-2:]) if has_goal else (None, sums[-1], 0)


def _sum(bit: str) -> str:
    return f"CAST(sum({bit}) AS BIGINT)"
