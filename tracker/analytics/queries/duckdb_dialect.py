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
        return f"CASE WHEN {self.full_match(text, PLAIN_NUMBER)} THEN TRY_CAST({text} AS DOUBLE) END"

    def number(self, parameter: str) -> str:
        return f"CAST({parameter} AS DOUBLE)"

    def pointer(self, name: str) -> str:
        """What a property of a JSON object is told by: a JSON pointer (RFC 6901)."""
        return "/" + name.replace("~", "~0").replace("/", "~1")

    def full_match(self, text: str, pattern: str) -> str:
        return f"regexp_full_match({text}, '{pattern}')"

    def decimal(self, text: str, pattern: str, digits: int, scale: int) -> str:
        """The decimal that a text is which matches, if it has not too many digits."""
        return f"CASE WHEN {self.full_match(text, pattern)} THEN TRY_CAST({text} AS DECIMAL({digits}, {scale})) END"

    def upper_trimmed(self, text: str) -> str:
        return f"upper(trim({text}))"

    def contains_folded(self, text: str, part: str) -> str:
        """Whether a text contains a part in any case."""
        return f"contains(lower({text}), lower({part}))"

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
        return f"{self.high(moment, 64)} + {number}"

    def high(self, number: str, bits: int) -> str:
        """A number moved up by so many bits, in 128."""
        return f"(CAST({number} AS HUGEINT) << {bits})"

    def moment_of(self, position: str) -> str:
        """The time in a position."""
        return f"CAST({position} >> 64 AS BIGINT)"

    def bit(self, number: str) -> str:
        """The word of 64 bits that has this bit."""
        return f"(1::BIGINT << {number})"

    def bit_of(self, word: str, number: str) -> str:
        """A bit of a word, 0 or 1."""
        return f"(({word} >> {number}) & 1)"

    def has_bits(self, word: str, bits: str) -> str:
        return f"({word} & {bits}) <> 0"

    def lag(self, value: str) -> str:
        """The value of the row before; OVER follows."""
        return f"lag({value})"

    def lead(self, value: str, rows: int) -> str:
        return f"lead({value}, {rows})"

    def median(self, number: str) -> str:
        return f"median({number})"

    def exact_sum(self, number: str) -> str:
        return f"fsum({number})"

    def is_one_of(self, keys: Sequence[str], columns: Sequence[str]) -> str:
        """Whether the values are those of a row of a table, given as a list of texts for each of its columns."""
        cells = ", ".join(f"unnest({texts}) AS o{number}" for number, texts in enumerate(columns))
        same = " AND ".join(self.is_same(key, f"o.o{number}") for number, key in enumerate(keys))
        return f"EXISTS (SELECT 1 FROM (SELECT {cells}) o WHERE {same})"

    def rows_as(self, table: str, names: Sequence[str], rows: Sequence[Sequence[int]]) -> str:
        """A table of whole numbers, under a name."""
        listed = ", ".join(f"({', '.join(map(str, row))})" for row in rows)
        return f"(VALUES {listed}) {table}({', '.join(names)})"

    def record(self, names: Sequence[str], table: str) -> str:
        """Columns of a table as one value with parts of the same names."""
        return "{" + ", ".join(f"'{name}': {table}.{name}" for name in names) + "}"

    #: A list of no text.
    no_values = "[]::VARCHAR[]"

    def first_values(self, value: str, order: str, most: int, *, is_last_first: bool) -> str:
        """A list of texts in their order, or the other way round, of which at most so many are kept."""
        return f"list({value} ORDER BY {order}{' DESC' if is_last_first else ''})[1:{most}]"

    def items(self, text: str) -> str:
        """The text, if it is an array in JSON with something in it; else null."""
        is_filled = f"json_array_length({text}) > 0"
        return f"CASE WHEN starts_with({text}, '[') AND json_valid({text}) THEN CASE WHEN {is_filled} THEN {text} END END"

    def each_item(self, items: str) -> str:
        """The items of an array, a row each."""
        return f"unnest(from_json({items}, '[\"JSON\"]'))"

    def item_text(self, item: str, pointer: str) -> str:
        """The canonical text of a part of an item."""
        return self.json_text(item, pointer)


#: What a copy in a file is asked in.
DUCKDB = DuckDBDialect()


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
