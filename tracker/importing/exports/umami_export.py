"""Umami's export: the zip file of a website's data, with its events and their data as CSV.

Source: https://umami.is/docs/cloud/export-data (a zip file sent by mail), and Umami's route `websites/[websiteId]/export`, which names
the columns of `website_event.csv`, `event_data.csv` and `session_data.csv`. Times are UTC without an offset.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracker.importing.archives import ArchivePart
from tracker.importing.exports.export_records import LineId, VendorExport, sent_json, utc
from tracker.importing.lines import Lines
from tracker.importing.records import CsvRecords, Record, UnusableFile
from tracker.registry.json_object import unreadable
from tracker.sdks import SdkRequest
from tracker.sdks.families.umami import Umami
from tracker.sdks.mapping import Params

_EVENTS, _DATA = "website_event.csv", "event_data.csv"
#: Values of events' data that are kept at one time.
MAX_VALUES = 2_000_000
#: How an empty cell is written by Umami's database.
_NULL = "\\N"
_PAGE_VIEW, _NUMBER, _TRUTH = "1", "2", "3"
#: What Umami found out of a browser, in Tracker's words.
_BROWSER = {"browser": "$browser", "os": "$os"}


class UmamiExport(VendorExport):
    """Page views and custom events, each of a session, which is the visitor."""

    adapter = Umami

    def __init__(self) -> None:
        self._data: dict[str, Params] = {}

    def rows(self, parts: Iterator[ArchivePart]) -> Iterator[Record]:
        found = {part.name.rpartition("/")[2]: part for part in parts}
        if "" not in found and _EVENTS not in found:
            raise UnusableFile(
                f"the zip file has no {_EVENTS}, so that it is no export of a website's data by Umami"
            )
        if _DATA in found:
            self._data = _read_data(found[_DATA])
        yield from _Cells(Lines(found.get(_EVENTS, next(iter(found.values()))).open()))

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        if not row.get("session_id") or not row.get("created_at"):
            raise unreadable("an event has a session_id and a created_at")
        name = row.get("event_name")
        if not name and row.get("event_type", _PAGE_VIEW) != _PAGE_VIEW:
            return []
        own_id = row["event_id"] if row.get("event_id") else line_id()
        found = {ours: row[theirs] for theirs, ours in _BROWSER.items() if theirs in row}
        payload = {
            "website": row.get("website_id", "export"),
            "name": name,
            "data": {**found, **self._data.get(own_id, {})},
            "timestamp": utc(row["created_at"]),
            "id": row.get("distinct_id"),
            "sessionId": row["session_id"],
            "url": _address(row, "url"),
            "title": row.get("page_title"),
            "referrer": _referrer(row),
            **{key: row.get(key) for key in ("hostname", "language", "screen", "tag")},
        }
        return [sent_json("api/send", {"type": "event", "payload": payload}, row_id=own_id)]


class _Cells(CsvRecords):
    """Rows with the cells that are not empty."""

    KEY = "event_id"

    def params_of(self, cells: list[str]) -> Params:
        pairs = zip(self.columns, cells, strict=False)
        return {column: cell for column, cell in pairs if cell and cell != _NULL}


def _read_data(part: ArchivePart) -> dict[str, Params]:
    """Return the data of each event, by its id. Raises UnusableFile, BrokenFile."""
    found: dict[str, Params] = {}
    count = 0
    for row in _Cells(Lines(part.open())):
        own, key = row.params.get("event_id"), row.params.get("data_key")
        if own and key:
            count += 1
            found.setdefault(own, {})[key] = _value(row.params)
        if count > MAX_VALUES:
            raise UnusableFile(f"{_DATA} has more than {MAX_VALUES:,} values: export fewer months at a time")
    return found


def _value(cells: Params) -> Any:
    """Return a value as what it was sent."""
    kind, text = cells.get("data_type"), cells.get("string_value")
    if kind == _NUMBER:
        number = str(cells.get("number_value", text))
        try:
            return int(number) if float(number).is_integer() else float(number)
        except (ValueError, OverflowError):
            return number
    if kind == _TRUTH and text in ("true", "false"):
        return text == "true"
    return text if text is not None else cells.get("date_value", cells.get("number_value"))


def _address(row: Params, what: str) -> str:
    path, query = row.get(f"{what}_path", ""), row.get(f"{what}_query", "")
    return f"{path}?{query.removeprefix('?')}" if query else path


def _referrer(row: Params) -> str | None:
    domain = row.get("referrer_domain")
    return f"https://{domain}{_address(row, 'referrer')}" if domain else None
