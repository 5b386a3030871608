"""Does a file of any content become records of an export, each numbered, and never an exception or a flood?"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.importing import export_files
from tests.importing.export_files import json_lines, zipped
from tracker.errors import CommandError
from tracker.importing import archives
from tracker.importing.exports import EXPORTS, ExportRecords
from tracker.importing.json_rows import MAX_ITEM_BYTES, json_rows
from tracker.importing.lines import MAX_LINE_BYTES
from tracker.importing.records import Record, UnusableFile

WHOLE = {vendor: getattr(export_files, vendor.upper()) for vendor in EXPORTS}
ROWS = {
    vendor: [
        row.params for row in export().rows(archives.parts_of(io.BufferedReader(io.BytesIO(WHOLE[vendor]))))
    ]
    for vendor, export in EXPORTS.items()
}
VENDORS = st.sampled_from(sorted(EXPORTS))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def read(vendor: str, content: bytes) -> list[Record]:
    with closing(ExportRecords(EXPORTS[vendor](), io.BufferedReader(io.BytesIO(content)))) as records:
        return list(records)


def of_json(content: bytes) -> list[tuple[int, Any]]:
    """(number, object or code) of each row."""
    rows = json_rows(io.BytesIO(content))
    return [(row.line, row.params if row.error is None else row.error.code) for row in rows]


def well_formed(records: list[Record]) -> None:
    for record in records:
        assert record.line >= 1
        assert record.error is not None or ("Event" in record.params and "Timestamp" in record.params)


@given(vendor=VENDORS, content=st.binary(max_size=200))
def test_any_bytes_are_records_or_no_file_of_the_vendor(vendor: str, content: bytes) -> None:
    for packed in (
        content,
        gzip.compress(content, 1),
        b"\x1f\x8b" + content,
        zipped(website_event__csv=content),
    ):
        with contextlib.suppress(UnusableFile):
            well_formed(read(vendor, packed))


@given(vendor=VENDORS, data=st.data())
def test_a_damaged_export_is_records(vendor: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[vendor])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(content)))
    with contextlib.suppress(UnusableFile):
        well_formed(read(vendor, bytes(content[:end])))


@given(vendor=VENDORS, data=st.data())
def test_a_row_with_other_values_is_records(vendor: str, data: st.DataObject) -> None:
    row = dict(data.draw(st.sampled_from(ROWS[vendor])))
    for name in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=4)):
        row[name] = data.draw(st.text(max_size=8) if vendor == "umami" else VALUES)
    export = EXPORTS[vendor]()
    with contextlib.suppress(CommandError):
        for request in export.requests(row, lambda: "line-1"):
            request.now, request.is_known = 1767700000_000, True
            assert isinstance(export.adapter().events(request), list)


def test_objects_are_one_a_line_or_in_an_array() -> None:
    rows = [{"a": 1}, {"b": '] , [ \\ " {'}, {"c": [[{}], ""]}]
    for content in (
        json_lines(*rows),
        json.dumps(rows).encode(),
        b"\xef\xbb\xbf " + json.dumps(rows, indent=2).encode(),
    ):
        assert of_json(content) == list(enumerate(rows, 1))
    assert of_json(b'[{"a": 1}][{"b": 2}]\n') == [(1, {"a": 1}), (2, {"b": 2})], (
        "pages of an API, one after the other"
    )
    assert of_json(b'[{"a": 1}, 7, {"b": 2}') == [(1, {"a": 1}), (2, 100000), (3, 100000)]
    assert of_json(b'[{"a": 1}] and more') == [(1, {"a": 1}), (2, 100000)]


@given(
    st.lists(
        st.dictionaries(st.text(), SCALARS.filter(lambda value: value == value), max_size=3), min_size=1
    ),
    st.integers(0, 3),
)
def test_an_array_has_the_items_that_json_has(rows: list[dict[str, Any]], indent: int) -> None:
    content = json.dumps(rows, indent=indent or None, ensure_ascii=bool(indent % 2)).encode(errors="replace")
    assert len(of_json(content)) == len(rows)


def test_what_is_too_long_is_refused_and_the_next_one_read() -> None:
    line, item = json_lines({"a": "x" * MAX_LINE_BYTES}), json.dumps({"a": "x" * MAX_ITEM_BYTES})
    assert of_json(line + b'{"b": 1}') == [(1, 100010), (2, {"b": 1})]
    assert of_json(f'[{item}, {{"b": 1}}]'.encode()) == [(1, 100010), (2, {"b": 1})]


@pytest.mark.parametrize(
    ("bound", "reason"),
    [("FREE_BYTES", "more than 200 times its size"), ("MAX_BLANK_BYTES", "too many blank lines")],
)
def test_a_bomb_is_not_read_on(monkeypatch: pytest.MonkeyPatch, bound: str, reason: str) -> None:
    monkeypatch.setattr(archives, bound, 1000)
    row = json_lines({"type": "track", "event": "a", "userId": "u", "timestamp": 1767603600})
    bomb = row + b"\n" * 100_000
    for packed in (gzip.compress(bomb), zipped(a__json=bomb), zipped(a__gz=gzip.compress(bomb))):
        first, last = read("segment", packed)
        assert (first.params["Event"], last.error is not None) == ("a", True)
        assert last.error is not None
        assert reason in str(last.error)


def test_parts_are_read_in_the_order_of_their_hours() -> None:
    names = ["1_2026-01-05_10#0.json", "1_2026-01-05_9#1.json", "1_2026-01-05_9#0.json"]
    packed = zipped(**{name.replace(".", "__"): b"{}" for name in names})
    parts = archives.parts_of(io.BufferedReader(io.BytesIO(packed)))
    assert [part.name for part in parts] == names[::-1]


def test_a_zip_file_needs_a_file() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(UnusableFile, match="standard input"):
        next(archives.parts_of(io.BufferedReader(Pipe(export_files.UMAMI))))
