"""Export records: each row of an export becomes a request of the vendor's SDK, and what that becomes are records to import."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from tracker.api.event_params import INVALID_TIMESTAMP
from tracker.domain.event import IDENTIFY, DependentParams
from tracker.errors import CommandError
from tracker.importing.archives import ArchivePart, BrokenFile, parts_of
from tracker.importing.json_rows import json_rows
from tracker.importing.lines import LineIds
from tracker.importing.records import Record
from tracker.registry.json_object import unreadable
from tracker.sdks import Adapter, SdkRequest
from tracker.sdks.mapping import Params, times

#: Pairs of visitor and ID of which it is remembered that they are tied; beyond them a tie may come again, as a duplicate.
MAX_TIES = 100_000
#: A time in UTC that does not say so.
_ZONELESS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?")
#: Returns an EventID for a row that has no id of its own.
LineId = Callable[[], str]


@dataclass(slots=True)
class ExportedRecord(Record):
    """A record of an export, with what is known of the browser that its event comes from."""

    agent: str | None = None
    address: str | None = None


class VendorExport:
    """The export of one vendor. Subclass it: its rows, and the requests that the vendor's SDK would have sent for one."""

    adapter: ClassVar[type[Adapter]]

    def rows(self, parts: Iterator[ArchivePart]) -> Iterator[Record]:
        """Yield the rows of all parts; their `params` are what the vendor wrote. Raises UnusableFile, BrokenFile."""
        last = 0
        for part in parts:
            for row in json_rows(part.open(), last):
                yield row
                last = row.line

    def requests(self, row: Params, line_id: LineId) -> Iterable[SdkRequest]:
        """Return the requests for a row, none for what is no event. Raises CommandError for what is no row of the vendor."""
        raise NotImplementedError

    def happened(self, row: Params) -> Any:
        """Return when a row happened, where the vendor's SDK says no time; None where it does."""
        return None


class ExportRecords:
    """The records of a file of a vendor, in the order of its rows. `close()` it."""

    def __init__(self, export: VendorExport, file: io.BufferedReader) -> None:
        self._export, self._adapter, self._file = export, export.adapter(), file
        self._line_ids = LineIds()
        self._ties: set[tuple[Any, Any]] = set()
        self._last_line = 0

    def close(self) -> None:
        self._line_ids.close()

    def __iter__(self) -> Iterator[Record]:
        try:
            for row in self._export.rows(parts_of(self._file)):
                self._last_line = row.line
                yield from self._records(row)
        except BrokenFile as broken:
            yield _refused(Record(self._last_line + 1, b"", {}), unreadable(str(broken)))

    def _records(self, row: Record) -> Iterator[Record]:
        if row.error is not None:
            yield row
            return
        try:
            requests = self._export.requests(row.params, lambda: self._line_ids.of(row.raw))
            for request in requests:
                request.now = time.time_ns() // 1_000_000
                request.is_known = request.has_secret = True
                for item in self._adapter.events(request):
                    yield from self._of_item(row, item, request)
        except CommandError as refused:
            yield _refused(row, refused)

    def _of_item(self, row: Record, item: Any, request: SdkRequest) -> Iterator[Record]:
        if isinstance(item, CommandError):
            yield _refused(row, item)
            return
        happened = self._export.happened(row.params)
        clock = times(request, happened)[0] if happened is not None else dict(item[0]) if item else {}
        if item and "Timestamp" not in clock:
            yield _refused(row, CommandError(INVALID_TIMESTAMP))
            return
        for event in item:
            event.setdefault("Timestamp", clock["Timestamp"])
            if not self._is_known_tie(event):
                yield _record(row, event)

    def _is_known_tie(self, event: Params) -> bool:
        """Whether an event does nothing but tie a visitor to an ID, as one before it has done."""
        pair = event.get("UUID"), event.get("ID")
        if event["Event"] != IDENTIFY or None in pair:
            return False
        is_known = "Properties" not in event and pair in self._ties
        if len(self._ties) < MAX_TIES:
            self._ties.add(pair)
        return is_known


def _record(row: Record, event: Params) -> Record:
    agent, address = event.pop("UserAgent", None), event.pop("IPAddress", None)
    event.pop("SentAt", None)
    # A vendor's server wrote it down. Of an address Tracker keeps what the list's settings say, and only that.
    event.get("Properties", {}).pop("$ip", None)
    if not event.get("UUID", True):
        del event["UUID"]
    is_dependent = isinstance(event, DependentParams)
    return ExportedRecord(row.line, row.raw, event, is_dependent=is_dependent, agent=agent, address=address)


def _refused(row: Record, refusal: CommandError) -> Record:
    return Record(row.line, row.raw, {}, refusal.errors[0])


def sent_json(path: str, value: Any, row_id: str | None = None) -> SdkRequest:
    """Return a request with a JSON value in its body."""
    request = SdkRequest("POST", path, row_id=row_id)
    request.json = value
    return request


def utc(moment: Any) -> Any:
    """Return a time of an export, with the offset that is meant where it names none."""
    is_zoneless = isinstance(moment, str) and _ZONELESS.fullmatch(moment)
    return f"{moment}Z" if is_zoneless else moment
