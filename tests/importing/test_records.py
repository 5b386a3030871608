"""Does a file of any content become records, each with its own bytes, and never an exception?"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.importing.encodings import as_utf_8
from tracker.importing.lines import MAX_LINE_BYTES, Lines
from tracker.importing.records import CsvRecords, Record, UnusableFile, ndjson_records


def of_ndjson(content: bytes) -> list[Record]:
    return list(ndjson_records(Lines(as_utf_8(io.BufferedReader(io.BytesIO(content))))))


def of_csv(content: bytes) -> list[Record]:
    return list(CsvRecords(Lines(as_utf_8(io.BufferedReader(io.BytesIO(content))))))


def told(records: list[Record]) -> list[Any]:
    """Parameters, or the code they were refused with."""
    return [record.params if record.error is None else record.error.code for record in records]


def test_lines_are_objects() -> None:
    records = of_ndjson(
        b'\xef\xbb\xbf{"Event": "a"}\r\n\n  \t\n{"Event": null, "x": 1}\n[]\n{"Event": NaN}\n\xff\n{"Event": "b"}'
    )
    assert told(records) == [{"Event": "a"}, {"x": 1}, 100000, 100000, 100000, {"Event": "b"}]
    assert [record.line for record in records] == [1, 4, 5, 6, 7, 8]
    assert records[0].raw == b'{"Event": "a"}'


def test_a_line_too_long_is_refused_and_the_next_one_read() -> None:
    fits = b'{"Event": "%s"}' % (b"x" * (MAX_LINE_BYTES - 13))
    assert len(fits) == MAX_LINE_BYTES
    for end in (b"\n", b"\r\n"):
        records = of_ndjson(end.join([fits, fits + b" ", fits * 5, b"{}"]))
        assert [record.line for record in records] == [1, 2, 3, 4]
        assert told(records)[1:] == [100010, 100010, {}]
        assert records[0].error is None
    assert told(of_ndjson(b" " * MAX_LINE_BYTES + b' {"Event": "lost"}')) == [100010]


@given(st.lists(st.binary(max_size=40) | st.just(b'{"Event": "a"}')))
def test_any_lines_are_records(lines: list[bytes]) -> None:
    content = b"\n".join(lines)
    records = of_ndjson(content)
    expected = [line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    assert [record.raw for record in records] == expected
    for record in records:
        assert (
            (told([record]) == [{"Event": "a"}]) or record.error or isinstance(json.loads(record.raw), dict)
        )


HEADER = b"Event,Email,Properties.a,properties.B c\r\n"


def test_rows_are_text_and_empty_cells_absent() -> None:
    records = of_csv(
        b"\xef\xbb\xbf"
        + HEADER
        + b'seen,a@b.com,1,"x, ""y"""\r\n\r\nseen\n,,,\nseen,,,"two\nlines"\nseen,,,,\n'
    )
    assert told(records) == [
        {"Event": "seen", "Email": "a@b.com", "Properties": {"a": "1", "B c": 'x, "y"'}},
        {"Event": "seen"},
        {"Event": "seen", "Properties": {"B c": "two\nlines"}},
        {"Event": "seen"},
    ]  # fmt: skip
    assert [record.line for record in records] == [2, 4, 6, 8]
    assert records[2].raw == b'seen,,,"two\nlines"'


def test_rows_that_cannot_be_read_harm_no_other() -> None:
    bad = [b'"a"b,,,', b"a,b,c,d,e", b"a\xff,,,", b"x" * (MAX_LINE_BYTES + 1)]
    records = of_csv(HEADER + b"\n".join(line for one in bad for line in (one, b"seen")))
    assert [record.error is None for record in records] == [False, True] * 4
    assert told(records)[1::2] == [{"Event": "seen"}] * 4
    assert [record.line for record in records] == list(range(2, 10))
    assert [record.raw for record in records[:6:2]] == bad[:3]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"", "the first line names no column 'Event'"),
        (b"Email,UUID", "the first line names no column 'Event'"),
        (b"Name;Email", "the first line names no column 'Event'"),
        (b"event,Email,email", "the first line names the column 'Email' twice"),
        (b"Event,properties.a,Properties.a", "the first line names the column 'properties.a' twice"),
        (
            b"Event,IdentifyProperties.a,identifyproperties",
            "there is a column 'IdentifyProperties' as well as columns 'IdentifyProperties.",
        ),
        (b"Event,Properties,Properties.a", "there is a column 'Properties' as well as columns 'Properties."),
        (b'"Event"x', "the first line is no header"),
    ],
)  # fmt: skip
def test_a_header_that_cannot_be_used(header: bytes, reason: str) -> None:
    with pytest.raises(UnusableFile) as caught:
        of_csv(header + b"\nseen")
    assert str(caught.value).startswith(reason)


def test_properties_may_differ_in_letter_case_only() -> None:
    assert told(of_csv(b"EVENT , Properties.a,Properties.A\nseen,1,2")) == [
        {"EVENT": "seen", "Properties": {"a": "1", "A": "2"}}
    ]


CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)


@given(st.lists(st.tuples(st.text('ab\n\r," ', min_size=1, max_size=6).filter(str.strip), CELLS), max_size=8))
def test_what_a_csv_writer_writes_is_read(rows: list[tuple[str, str]]) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("Event", "ID"), *rows])
    records = of_csv(file.getvalue().encode())
    assert told(records) == [
        {"Event": event} | ({"ID": identifier} if identifier else {}) for event, identifier in rows
    ]


@given(st.binary(max_size=200))
def test_any_rows_are_records(content: bytes) -> None:
    for record in of_csv(HEADER + content):
        assert record.error is not None or record.params


TABLE = [
    ["Event", "Email", "Properties.price"],
    ["bought", "jané@example.com", "12,50"],
    ["seen", "", "a;b\tc|d"],
]


def written(delimiter: str, line_end: str = "\r\n") -> str:
    """TABLE as a spreadsheet writes it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows(TABLE)
    return text.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_whatever_spreadsheets_write_is_read(delimiter: str, encoding: str, line_end: str) -> None:
    records = of_csv(written(delimiter, line_end).encode(encoding))
    assert told(records) == [
        {"Event": "bought", "Email": "jané@example.com", "Properties": {"price": "12,50"}},
        {"Event": "seen", "Properties": {"price": "a;b\tc|d"}},
    ]
    assert [record.line for record in records] == [2, 3]


@pytest.mark.parametrize("said", ["sep=;\r\n", "SEP=;\n"])
def test_a_line_that_says_what_parts_cells_is_no_header(said: str) -> None:
    records = of_csv((said + written(";")).encode())
    assert told(records)[1] == {"Event": "seen", "Properties": {"price": "a;b\tc|d"}}
    assert [record.line for record in records] == [3, 4]


@pytest.mark.parametrize("start", [b"\xff\xfe", b"\xfe\xff"])
def test_what_is_not_utf_16_harms_its_own_line(start: bytes) -> None:
    order = "utf-16-le" if start == b"\xff\xfe" else "utf-16-be"
    lone = "\ud800".encode(order, "surrogatepass")
    content = start + "Event\na\n".encode(order) + lone + "\nb\n".encode(order)
    assert told(of_csv(content)) == [{"Event": "a"}, 100000, {"Event": "b"}]


def test_json_lines_may_be_in_utf_16_too() -> None:
    assert told(of_ndjson('{"Event": "é"}\n{"Event": "b"}\n'.encode("utf-16"))) == [
        {"Event": "é"},
        {"Event": "b"},
    ]


@given(st.binary(max_size=60), st.sampled_from([b"", b"\xff\xfe", b"\xfe\xff", b"E\0", b"\0E", b"Event\r"]))
def test_no_bytes_end_in_an_exception(content: bytes, start: bytes) -> None:
    with contextlib.suppress(UnusableFile):
        of_csv(start + content)
    of_ndjson(start + content)
