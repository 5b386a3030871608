"""DuckDB's dialect: what another engine spells differently, a line each."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.questions import PLAIN_NUMBER


class DuckDBDialect:
    """Expressions of DuckDB. Arguments are SQL."""

    #: `at` is a word of SQL's own.
    event_time = '"at"'

    def json_text(self, json: str, pointer: str) -> str:
        """The canonical text of a value in a JSON object: 7.0 is `7`. Beyond 2^53 the copy's columns keep the `.0`, and so does this."""
        text = f"json_extract_string({json}, {pointer})"
        whole = f"regexp_replace({text}, '^(-?[0-9]{{1,15}})\\.0$', '\\1')"
        return f"CASE json_type({json}, {pointer}) WHEN 'DOUBLE' THEN {whole} ELSE {text} END"

    def json_number(self, json: str, pointer: str) -> str:
        """The number that a value in a JSON object is, or is the plain text of."""
        text = f"json_extract_string({json}, {pointer})"
        return (
            f"CASE json_type({json}, {pointer}) WHEN 'VARCHAR' THEN {self.plain_number(text)} "
            f"WHEN 'BOOLEAN' THEN NULL ELSE TRY_CAST({text} AS DOUBLE) END"
        )

    def plain_number(self, text: str) -> str:
        return f"CASE WHEN regexp_full_match({text}, '{PLAIN_NUMBER}') THEN TRY_CAST({text} AS DOUBLE) END"

    def number(self, parameter: str) -> str:
        return f"CAST({parameter} AS DOUBLE)"

    def contains(self, text: str, part: str) -> str:
        return f"contains({text}, {part})"

    def begins_with(self, text: str, part: str) -> str:
        return f"starts_with({text}, {part})"

    def ends_with(self, text: str, part: str) -> str:
        return f"ends_with({text}, {part})"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_matches({text}, {pattern})"

    def bad_patterns(self, patterns: str) -> str:
        """A statement for the texts of a list that are no regular expressions."""
        return f"SELECT p FROM unnest({patterns}) t(p) WHERE TRY(regexp_matches('', p)) IS NULL"

    def is_false_or_null(self, condition: str) -> str:
        return f"({condition}) IS NOT TRUE"

    def is_same(self, one: str, other: str) -> str:
        """Whether both are equal, or both are not set."""
        return f"{one} IS NOT DISTINCT FROM {other}"

    def place_in(self, texts: str, text: str) -> str:
        """The place of a text in a list, from 1 on; null if it is not there."""
        return f"list_position({texts}, {text})"

    def whole_quotient(self, number: str, divisor: int) -> str:
        return f"{number} // {divisor}"

    def first(self, value: str, order: str) -> str:
        """The value with the least order, among those that are set."""
        return f"arg_min({value}, {order})"

    def last(self, value: str, order: str) -> str:
        return f"arg_max({value}, {order})"

    def position(self, moment: str, number: str) -> str:
        """What orders events by (time, id)."""
        return f"(CAST({moment} AS HUGEINT) << 64) + {number}"

    def exact_sum(self, number: str) -> str:
        return f"fsum({number})"

    def rows_of(self, texts: Sequence[str], names: Sequence[str]) -> str:
        """A table made of lists of equal length."""
        return (
            "(SELECT "
            + ", ".join(f"unnest({text}) AS {name}" for text, name in zip(texts, names, strict=True))
            + ")"
        )


def buckets(moment: str, begins: Sequence[int], ends: int, dialect: DuckDBDialect) -> str:
    """Return an expression for the number of the bucket that a moment from the first begin to the end falls into.

    Runs of buckets of the same length are a division; the run is found by halving.
    """
    runs: list[tuple[int, int, int]] = []  # (number of its first bucket, where that begins, length)
    bounds = [*begins, ends]
    for number, begin in enumerate(begins):
        length, is_last = bounds[number + 1] - begin, number + 1 == len(begins)
        if not runs or not (runs[-1][2] == length or (is_last and runs[-1][2] > length)):
            runs.append((number, begin, length))
    return _halved(moment, runs, dialect)


def _halved(moment: str, runs: Sequence[tuple[int, int, int]], dialect: DuckDBDialect) -> str:
    if len(runs) > 1:
        middle = len(runs) // 2
        early, late = _halved(moment, runs[:middle], dialect), _halved(moment, runs[middle:], dialect)
        return f"CASE WHEN {moment} < {runs[middle][1]} THEN {early} ELSE {late} END"
    number, begin, length = runs[0]
    return f"{number} + {dialect.whole_quotient(f'({moment} - {begin})', length)}"
