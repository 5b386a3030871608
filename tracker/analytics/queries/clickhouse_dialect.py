"""ClickHouse's dialect: expressions that mean there what those of DuckDB mean in the same place."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.questions import PLAIN_NUMBER

_OPTIONAL_TEXT = "Nullable(String)"


class ClickHouseDialect(DuckDBDialect):
    """Expressions of ClickHouse; those that are not here are the same in both, or spelled anew as they are sent.

    A copy there has no JSON: `rest` is a map of texts, `numbers` one of those of them that are numbers.
    """

    no_values = f"CAST([] AS Array({_OPTIONAL_TEXT}))"

    def pointer(self, name: str) -> str:
        return name

    def json_text(self, json: str, pointer: str) -> str:
        return f"if(mapContains({json}, {pointer}), {json}[{pointer}], NULL)"

    def json_number(self, json: str, pointer: str) -> str:
        numbers = f"{json.rpartition('.')[0]}.numbers"
        return f"if(mapContains({numbers}, {pointer}), {numbers}[{pointer}], NULL)"

    def plain_number(self, text: str) -> str:
        return f"if({self.full_match(text, PLAIN_NUMBER)}, toFloat64OrNull({text}), NULL)"

    def full_match(self, text: str, pattern: str) -> str:
        return f"match({text}, '^({pattern})$')"

    def decimal(self, text: str, pattern: str, digits: int, scale: int) -> str:
        # Half away from zero beyond the scale, and null beyond the digits, as DuckDB casts; products need 128 bits.
        exact = f"toDecimal128OrNull({text}, 20)"
        rounded = f"CAST(round({exact}, {scale}) AS Decimal(38, {scale}))"
        most = "1" + "0" * (digits - scale)
        return f"if({self.full_match(text, pattern)} AND abs({rounded}) < {most}, {rounded}, NULL)"

    def upper_trimmed(self, text: str) -> str:
        return f"upperUTF8(trimBoth({text}))"

    def contains_folded(self, text: str, part: str) -> str:
        return f"position(lowerUTF8({text}), lowerUTF8({part})) > 0"

    def contains(self, text: str, part: str) -> str:
        return f"position({text}, {part}) > 0"

    def begins_with(self, text: str, part: str) -> str:
        return f"startsWith({text}, {part})"

    def ends_with(self, text: str, part: str) -> str:
        return f"endsWith({text}, {part})"

    def matches(self, text: str, pattern: str) -> str:
        # A dot matches no line break, as in DuckDB.
        return f"match({text}, concat('(?-s)', {pattern}))"

    def is_false_or_null(self, condition: str) -> str:
        return f"NOT ifNull({condition}, false)"

    def place_in(self, texts: str, text: str) -> str:
        return f"nullIf(indexOf({texts}, assumeNotNull({text})), 0)"

    def high(self, number: str, bits: int) -> str:
        return f"bitShiftLeft(CAST({number} AS Int128), {bits})"

    def moment_of(self, position: str) -> str:
        return f"CAST(bitShiftRight({position}, 64) AS Int64)"

    def bit(self, number: str) -> str:
        return f"bitShiftLeft(toInt64(1), {number})"

    def bit_of(self, word: str, number: str) -> str:
        return f"bitAnd(bitShiftRight({word}, {number}), 1)"

    def has_bits(self, word: str, bits: str) -> str:
        return f"bitAnd({word}, {bits}) <> 0"

    def lag(self, value: str) -> str:
        return f"lag(toNullable({value}))"

    def lead(self, value: str, rows: int) -> str:
        return f"lead(toNullable({value}), {rows})"

    def median(self, number: str) -> str:
        return f"quantileExactInclusive(0.5)({number})"

    def exact_sum(self, number: str) -> str:
        return f"sumKahan({number})"

    def is_one_of(self, keys: Sequence[str], columns: Sequence[str]) -> str:
        # Null is a value here: it is asked for beside the text.
        cells = ", ".join(f"{texts}" for texts in columns)
        parts = ", ".join(f"c.{number}" for number in range(1, len(keys) + 1))
        same = " AND ".join(
            f"(({key} IS NULL AND c.{number} IS NULL) OR ifNull({key} = c.{number}, false))"
            for number, key in enumerate(keys, 1)
        )
        assert parts  # noqa: S101
        return f"arrayExists(c -> {same}, arrayZip({cells}))"

    def record(self, names: Sequence[str], table: str) -> str:
        cells = ", ".join(f"{table}.{name}" for name in names)
        return f"CAST(({cells}) AS Tuple({', '.join(f'{name} {_OPTIONAL_TEXT}' for name in names)}))"

    def first_values(self, value: str, order: str, most: int, *, is_last_first: bool) -> str:
        pairs = f"groupArray(({order}, assumeNotNull({value})))"
        made = f"{'arrayReverseSort' if is_last_first else 'arraySort'}({pairs})"
        return f"arraySlice(arrayMap(pair -> CAST(pair.2 AS {_OPTIONAL_TEXT}), {made}), 1, {most})"

    def items(self, text: str) -> str:
        is_array = f"startsWith({text}, '[') AND isValidJSON({text}) AND JSONLength({text}) > 0"
        return f"if({is_array}, {text}, NULL)"

    def each_item(self, items: str) -> str:
        return f"arrayJoin(JSONExtractArrayRaw(assumeNotNull({items})))"

    def item_text(self, item: str, pointer: str) -> str:
        # Whole numbers of floating point from 2^53 on have `.0` in the canonical text, smaller ones have not.
        text, kind = f"JSONExtractRaw({item}, {pointer})", f"JSONType({item}, {pointer})"
        return (
            f"multiIf({kind} = 'String', JSONExtractString({item}, {pointer}), {kind} = 'Null', NULL, "
            f"{kind} = 'Double' AND match({text}, '^-?[0-9]{{16,}}$') AND abs(toFloat64({text})) >= 9007199254740992, "
            f"concat({text}, '.0'), {text})"
        )
