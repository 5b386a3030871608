"""Report tables: answers of reports as rows of cells, the first with the names of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tracker import CsvStream
from tracker.api.csv_rows import MeasureColumns, csv_lines
from tracker.api.report_answers import scope_header


def report_table(rows: Iterable[Sequence[Any]], scope: dict[str, Any]) -> CsvStream:
    """Return rows as a table, with the scope in its header."""
    return CsvStream(csv_lines(rows), scope_header(scope))


def trend_rows(answer: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield a trend: a row for each time and value, with a column for each measure."""
    by_value: dict[str | None, list[dict[str, Any]]] = {}
    for each in answer["Series"]:
        by_value.setdefault(each["Value"], []).append(each)
    words = list(dict.fromkeys(each["Measure"] for each in answer["Series"]))
    table: list[tuple[str | None, str, dict[str, Any], dict[str, Any]]] = []
    for value, series in by_value.items():
        for number, time in enumerate(answer["Times"]):
            now = {each["Measure"]: each["Points"][number] for each in series}
            before = {each["Measure"]: _point(each["Before"], number) for each in series}
            table.append((value, time, now, before))
    has_before = any(each["Before"] is not None for each in answer["Series"])
    now_columns = MeasureColumns(words, (row[2] for row in table))
    before_columns = MeasureColumns(words if has_before else [], (row[3] for row in table), " before")
    yield ["time", "value", *now_columns.names, *before_columns.names]
    for value, time, now, before in table:
        yield [time, value, *now_columns.of(now), *before_columns.of(before)]


def _point(series: dict[str, Any] | None, number: int) -> Any:
    """Return a point of the range compared with, which may have fewer."""
    return series["Points"][number] if series is not None and number < len(series["Points"]) else None


def breakdown_rows(answer: dict[str, Any], by: Sequence[str], words: Sequence[str]) -> Iterator[list[Any]]:
    """Yield a breakdown: a row for each value, with a column for each measure."""
    rows = answer["Rows"]
    has_before = any(row["Before"] is not None for row in rows)
    now = MeasureColumns(words, rows)
    before = MeasureColumns(words if has_before else [], (row["Before"] or {} for row in rows), " before")
    yield [*by, *now.names, *before.names]
    for row in rows:
        yield [*row["Values"], *now.of(row), *before.of(row["Before"])]


def plain_rows(rows: Sequence[dict[str, Any]], names: Sequence[str], *money: str) -> Iterator[list[Any]]:
    """Yield rows whose keys are the columns; each of `money` becomes one for each currency."""
    columns = MeasureColumns(money, rows)
    yield [*names, *columns.names]
    for row in rows:
        yield [*(row[name] for name in names), *columns.of(row)]


def path_rows(nodes: Sequence[dict[str, Any]], depth: int) -> Iterator[list[Any]]:
    """Yield a tree of paths: a row for each node, with the values of the way that leads to it."""
    yield ["step", "kind", *(f"value {step}" for step in range(1, depth + 1)), "visits", "people", "share"]
    yield from _below(nodes, (), depth)


def _below(nodes: Sequence[dict[str, Any]], way: tuple[str | None, ...], depth: int) -> Iterator[list[Any]]:
    for node in nodes:
        kind = "end" if node["IsEnd"] else "others" if node["IsOthers"] else "value"
        own = (*way, node["Value"])
        padded = [*own, *[None] * (depth - len(own))]
        yield [len(own), kind, *padded, node["Visits"], node["People"], node["Share"]]
        yield from _below(node["Next"], own, depth)
