"""Do all forms of a body give the parameters they should, and nothing but CommandError when they cannot?"""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.errors import CommandError, Error
from tracker.http.body.form import read_pairs
from tracker.http.body.read_params import BodyRules, read_params
from tracker.http.body.reader import MAX_BODY_BYTES

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
SEED_EVENT = {
    "Command": "event.track",
    "APIKey": "your-api-key",
    "Event": "page_view",
    "ListID": 123,
    "Properties": {"$page_title": "Product Page", "product_id": "item-1"},
}


def read(
    body: bytes | str, content_type: str | None = JSON, query: str = "", encoding: str | None = None
) -> dict[str, Any]:
    raw = body.encode() if isinstance(body, str) else body
    return read_params(content_type, encoding, raw, query)[0]


def refused(body: bytes | str, content_type: str | None = JSON, **options: Any) -> tuple[int, int]:
    with pytest.raises(CommandError) as caught:
        read(body, content_type, **options)
    return caught.value.errors[0].code, caught.value.status


UNREADABLE, UNSUPPORTED, TOO_LARGE = (100000, 400), (100011, 415), (100010, 413)


def multipart(*parts: tuple[str, str], boundary: str = "frontier") -> tuple[bytes, str]:
    """A multipart body with parts (headers, content), and its Content-Type."""
    written = "".join(f"--{boundary}\r\n{headers}\r\n\r\n{content}\r\n" for headers, content in parts)
    return f"{written}--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def field(name: str, content: str) -> tuple[str, str]:
    return f'Content-Disposition: form-data; name="{name}"', content


# Which kind of body is it?


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF8"',
        "application/vnd.api+json",
        "text/plain",
        "text/plain;charset=UTF-8",
        FORM,
        None,
        "",
    ],
)
@pytest.mark.parametrize("before", ["", " \r\n\t", "\ufeff", "\ufeff\n"])
def test_json_is_read_under_every_type_that_clients_send_it_with(
    content_type: str | None, before: str
) -> None:
    assert read(before + json.dumps(SEED_EVENT), content_type) == SEED_EVENT


def test_urlencoded_form() -> None:
    body = "Event=page+view&ListID=5&Properties[$page_title]=Caf%C3%A9&Properties[a][b]=1&tags[]=x&tags[]=y"
    assert read(body, FORM) == {
        "Event": "page view",
        "ListID": "5",
        "Properties": {"$page_title": "Café", "a": {"b": "1"}},
        "tags": ["x", "y"],
    }


PIECES = st.sampled_from(
    ["a", "=", "&", "+", "%41", "%", "%4", "%zz", "%0a", "\n", "\r\n", "é", "%C3%A9", "_", " ", "%3D", "%25"]
)


@example("a=%&b=%\n&c=%\r\n%41&d==%41&e=%%41")
@given(st.lists(PIECES, max_size=12).map("".join))
def test_escapes_and_what_only_looks_like_one_are_read_as_the_standard_library_does(text: str) -> None:
    assert read_pairs(text.encode()) == parse_qsl(text, keep_blank_values=True, errors="strict")


@pytest.mark.parametrize("odd", ["%", "%zz", "=", "%\n"])
def test_escapes_of_a_stranger_are_few_where_one_is_broken(odd: str) -> None:
    text = f"a={'%41' * 12_001}"
    assert read_pairs(text.encode(), is_known=False) == [("a", "A" * 12_001)]
    with pytest.raises(CommandError):
        read_pairs(f"{text}{odd}".encode(), is_known=False)
    assert read_pairs(f"{text}&b={odd}".encode()) == [("a", "A" * 12_001), ("b", odd)]


def test_multipart_form() -> None:
    body, content_type = multipart(
        field("Event", "page view"), field("Properties[a]", "1\r\n2"), field("Properties[ü]", "é")
    )
    assert read(body, content_type) == {"Event": "page view", "Properties": {"a": "1\r\n2", "ü": "é"}}


def test_empty_multipart_form() -> None:
    assert read(*multipart()) == {}


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n\t "])
@pytest.mark.parametrize(
    "content_type", [None, JSON, FORM, "multipart/form-data", "image/png", "application/json; charset=latin1"]
)
def test_an_empty_body_means_no_parameters(body: bytes, content_type: str | None) -> None:
    assert read(body, content_type) == {}
    assert read(gzip.compress(body), content_type, encoding="gzip") == {}
    assert read(b"", content_type, encoding="gzip") == {}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("image/png", "{}"),
        ("text/html", "{}"),
        ("application/xml", "<a/>"),
        ("application/jsonp", "{}"),
        ("nonsense", "a=1"),
        ("application/json; charset=iso-8859-1", "{}"),
        ("text/plain; charset=utf-16", "{}"),
        (f"{FORM}; charset=windows-1252", "a=1"),
    ],
)
def test_other_kinds_of_body_are_not_supported(content_type: str | None, body: str) -> None:
    assert refused(body, content_type) == UNSUPPORTED


@pytest.mark.parametrize("encoding", ["br", "deflate", "identity, gzip", "gzip, gzip", "nonsense"])
def test_other_encodings_are_not_supported(encoding: str) -> None:
    assert refused("{}", encoding=encoding) == UNSUPPORTED


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " x-gzip "])
@pytest.mark.parametrize(
    ("content_type", "body"), [(JSON, '{"a": "1"}'), (FORM, "a=1"), ("text/plain", '{"a": "1"}')]
)
def test_gzip_is_unpacked_first(content_type: str, body: str, encoding: str) -> None:
    assert read(gzip.compress(body.encode()), content_type, encoding=encoding) == {"a": "1"}


def test_gzip_of_several_members_is_one_body() -> None:
    parts = [b'{"a":', b"", b" 1}"]
    assert read(b"".join(map(gzip.compress, parts)), encoding="gzip") == {"a": 1}
    assert refused(gzip.compress(b"") * 101, encoding="gzip") == UNREADABLE


PACKED = gzip.compress(b'{"a": "%s"}' % (b"b" * 500), mtime=0)


@pytest.mark.parametrize(
    "body",
    [b"{}", b" ", PACKED[:-1], PACKED[:-9], PACKED[:3], PACKED + b"x", PACKED + PACKED[:5], PACKED + b"\0" * 512,
     PACKED[:-8] + b"\0" * 8, b"\x1f\x8b", zlib.compress(b"{}")],
)  # fmt: skip
def test_what_is_not_whole_gzip_is_unreadable(body: bytes) -> None:
    assert refused(body, encoding="gzip") == UNREADABLE


@pytest.mark.parametrize("members", [1, 2])
def test_a_small_body_becomes_no_large_one(members: int) -> None:
    at = [b" " * (MAX_BODY_BYTES - 2), b"{}"]
    beyond = [b" " * (MAX_BODY_BYTES - 1), b"{}"]
    packed = [gzip.compress(b"".join(at)), gzip.compress(b"".join(beyond))]
    if members == 2:
        packed = [b"".join(map(gzip.compress, at)), b"".join(map(gzip.compress, beyond))]
    assert read(packed[0], encoding="gzip") == {}
    assert refused(packed[1], encoding="gzip") == TOO_LARGE
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < MAX_BODY_BYTES
    assert refused(bomb, encoding="gzip") == TOO_LARGE


# Many objects in one body

BATCH = BodyRules(max_bytes=1024 * 1024, items_param="Events", max_items=5)
DEEP = b'{"a":' * 32 + b"{}" + b"}" * 32
CROWDED = b'{"a":[' + b",".join([b"0"] * 20_000) + b"]}"
NOT_JSON = "Unreadable request body: not valid JSON"
#: What an object is refused for, and how the message begins.
ITEM_FAULTS = {
    DEEP: "Unreadable request body: nested deeper than 32 levels",
    CROWDED: "Unreadable request body: more than 20000 values",
    b'{"a":1e400}': NOT_JSON,
    b'{"a":-1e400}': NOT_JSON,
    b'{"a":%s}' % (b"9" * 1000): NOT_JSON,
    b'{"a":NaN}': NOT_JSON,
    b'{"a":"\\ud83d"}': NOT_JSON,
    b'{"\\udfff":1}': NOT_JSON,
    b'{"a":"caf\xc3"}': NOT_JSON,
    b'{"a":"\xed\xa0\x80"}': NOT_JSON,
    b'{"a":1,}': NOT_JSON,
    b'{"a":"line\nbreak"}': NOT_JSON,
    b'{"a":"}]{[\\\\\\"\\ud800"}': NOT_JSON,
    b'{"a":' * 1100 + b"1" + b"}" * 1100: NOT_JSON,
}


def items(body: bytes, content_type: str = JSON, name: str = "Events", is_known: bool = True) -> list[Any]:
    """What stands in the array; an error as its code and message, without what the decoder says of its place."""
    found = read_params(content_type, None, body, "", BATCH, is_known=is_known)[0][name]
    return [(item.code, _began(item.message)) if isinstance(item, Error) else item for item in found]


def _began(message: str) -> str:
    return NOT_JSON if message.startswith(NOT_JSON) else message


@pytest.mark.parametrize("fault", ITEM_FAULTS)
@pytest.mark.parametrize("is_known", [True, False])
def test_an_object_beyond_the_limits_harms_no_other(fault: bytes, is_known: bool) -> None:
    good = b'{"a":1e300,"b":9223372036854775807,"c":1e19,"d":"}]\\\\\\"["}'
    expected = [{"a": 1e300, "b": 2**63 - 1, "c": 1e19, "d": '}]\\"['}, (100000, ITEM_FAULTS[fault]), {}, 5]
    for name in ("Events", "eVents"):
        sent = b'{"x": [[1], {}], "%s": [%s, %s, {}, 5], "y": 1}' % (name.encode(), good, fault)
        assert items(sent, name=name, is_known=is_known) == expected
    if b"\n" not in fault:
        lines = b"\n".join([good, fault, b"{}"])
        assert items(lines, "application/x-ndjson", is_known=is_known) == expected[:3]


@pytest.mark.parametrize(
    "sent",
    [
        b'{"Events": [{"a": 1e400}, {"b": 1}',
        b'{"Events": [{"a": 1e400} {"b": 1}]}',
        b'{"Events": [{"a": 1e400},, {"b": 1}]}',
        b'{"Events": [{"a": 1e400}, {"b": 1},]}',
        b'{"Events": [{"a": 1e400}}, {"b": 1}]}',
        b'{"Events": [{"a": 1e400}], "UUID": 1e400}',
        b'{"Events": [{"a": 1e400}], "\\ud800": 1}',
        b'{"Events": [{"a": 1e400}], "Other": [{"a": 1e400}]}',
        b'{"Events": [{"a": 1e400}]} x',
        b'{"Events": {"a": 1e400}}',
        b'{"Events": [{"a": [}]}]}',
        b'[{"a": 1e400}]',
    ],
)
def test_a_fault_in_no_object_refuses_the_body(sent: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        items(sent)
    assert (caught.value.errors[0].code, caught.value.status) == UNREADABLE


def test_a_value_that_cannot_be_read_is_an_error_in_its_place() -> None:
    found = items(b'{"Events": [1, {"a": 2}, 1e400, "a,b", [3]]}')
    assert found == [1, {"a": 2}, (100000, NOT_JSON), "a,b", []]


def test_objects_at_the_limits_are_read() -> None:
    deepest, fullest = b'{"a":' * 31 + b"{}" + b"}" * 31, b'{"a":[' + b",".join([b"0"] * 19_998) + b"]}"
    sent = b'{"Events": [%s, %s]}' % (deepest, fullest)
    assert items(sent) == json.loads(sent)["Events"]


def test_what_stands_beside_the_array_has_the_limits_of_a_body() -> None:
    for beside in (b'"a":%s' % DEEP, b'"a":%s' % CROWDED):
        with pytest.raises(CommandError) as caught:
            items(b'{"Events": [{}], %s}' % beside)
        assert (caught.value.errors[0].code, caught.value.status) == UNREADABLE


def test_lines_are_read_one_by_one() -> None:
    body = b'\xef\xbb\xbf{"a": 1}\r\n\r\n \t\n{"b": \xff}\n[]\n{"c": "\xc3\xa9\xe2\x80\xa8"}'
    first, second, third, fourth = items(body, "application/x-ndjson; charset=utf-8")
    assert (first, fourth) == ({"a": 1}, {"c": "é\u2028"})
    assert (second[0], third) == (100000, (100000, "Unreadable request body: the JSON must be an object"))


def test_more_objects_than_a_command_takes_are_not_looked_at() -> None:
    """They are refused by their number, at little cost."""
    assert len(items(b"{\n" * 6, "application/x-ndjson")) == 6
    assert len(items(b'{"Events": [%s]}' % b",".join([DEEP] * 6))) == 6
    assert len(items(b'{"Events": [%s]}' % b",".join([b'{"a":1e400}'] * 6))) == 6


def test_lines_are_for_commands_that_take_many_objects() -> None:
    assert refused('{"a": 1}', "application/x-ndjson") == UNSUPPORTED


@given(
    st.lists(
        st.sampled_from([b"{}", b'{"a":[1e300]}', b'{"a":1e400}', b'{"a":"\\ud800"}', DEEP, b"5", b"null"]),
        max_size=5,
    )
)
def test_each_object_is_judged_by_itself(sent: list[bytes]) -> None:
    alone = [items(b'{"Events": [%s]}' % one)[0] for one in sent]
    assert items(b'{"Events": [%s]}' % b",".join(sent)) == alone


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_identity_is_no_encoding(encoding: str | None) -> None:
    assert read('{"a": 1}', encoding=encoding) == {"a": 1}


# What is in JSON?


@pytest.mark.parametrize("body", ["[]", '"a"', "1", "true", "null", '[{"a": 1}]'])
def test_top_level_must_be_an_object(body: str) -> None:
    assert refused(body) == UNREADABLE


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} x',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": 01}',
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\xff"}',
        b'{"a": "\xc3"}',
        '{"a": "line\nbreak"}',
        "\ufeff\ufeff{}",
        "a=1",
        "{}".encode("utf-16"),
    ],
)
def test_what_is_no_json_is_unreadable(body: bytes | str) -> None:
    assert refused(body) == UNREADABLE


def test_names_given_twice_count_once_and_the_last_wins() -> None:
    assert read('{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}') == {"b": {"c": 2}, "a": 3}


def test_null_means_absent_at_the_top_and_is_a_value_below() -> None:
    assert read('{"a": null, "b": "", "c": {"d": null}, "e": [null]}') == {
        "b": "",
        "c": {"d": None},
        "e": [None],
    }


def test_text_keeps_every_character() -> None:
    assert read('{"a\\u0000 ": " \\ud83d\\ude00e\\u0301\\u0000"}') == {"a\0 ": " 😀e\u0301\0"}


def nested(levels: int, kind: str = "object") -> str:
    """JSON with this many containers inside each other, the outermost an object."""
    opening, closing = ('{"a":', "}") if kind == "object" else ("[", "]")
    return '{"a":' + opening * (levels - 1) + "1" + closing * (levels - 1) + "}"


@pytest.mark.parametrize("kind", ["object", "array"])
def test_depth(kind: str) -> None:
    assert read(nested(32, kind))["a"]
    assert refused(nested(33, kind)) == UNREADABLE
    assert refused(nested(30_000, kind)) == UNREADABLE


def test_nodes() -> None:
    # The outermost object, the array, and its members.
    assert len(read(f'{{"a":[{",".join(["1"] * 19_998)}]}}')["a"]) == 19_998
    assert refused(f'{{"a":[{",".join(["1"] * 19_999)}]}}') == UNREADABLE
    assert len(read(f'{{"a":[{",".join(["{}"] * 19_998)}]}}')["a"]) == 19_998
    assert refused(f'{{"a":[{",".join(["{}"] * 19_999)}]}}') == UNREADABLE


@pytest.mark.parametrize("place", ['{"a":%s}', '{"a":{"b":[1.5,%s]}}', '{"a":[[],%s]}'])
def test_integers(place: str) -> None:
    for inside in (2**63 - 1, -(2**63), 2**53 + 1, 0):
        assert str(inside) in json.dumps(read(place % inside))
    for outside in (2**63, -(2**63) - 1, 2**64 - 1, 2**64, 10**20, 10**300, -(10**300)):
        assert json.dumps(read(place % outside)) == json.dumps(json.loads(place % float(outside)))
    for beyond_doubles in ("9" * 400, "-" + "1" * 5000):
        assert refused(place % beyond_doubles) == UNREADABLE


@pytest.mark.parametrize("number", ["1e20", "-1e20", "9223372036854775808.0", "1.7976931348623157e308"])
def test_large_numbers_that_are_no_integers_are_read(number: str) -> None:
    assert read(f'{{"a":{number}}}') == {"a": float(number)}


def test_a_refusal_does_not_quote_the_body() -> None:
    with pytest.raises(CommandError) as caught:
        read('{"APIKey": "secret", "secret": }')
    assert "secret" not in json.dumps(caught.value.body)


# What is in forms?


@pytest.mark.parametrize(
    ("body", "params"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a[b]=1&a[b]=2", {"a": {"b": "2"}}),
        ("a=&b=1", {"b": "1"}),
        ("a=1&a=", {}),
        ("a", {}),
        ("&&a=1&", {"a": "1"}),
        ("a[b]=", {"a": {"b": ""}}),
        ("a[]=", {"a": [""]}),
        ("a[0]=x&a[1]=y", {"a": ["x", "y"]}),
        ("a[b][0]=x&a[b][1]=y", {"a": {"b": ["x", "y"]}}),
        ("a[0][b]=1&a[1][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("a[][0]=x", {"a": [["x"]]}),
        ("a[1]=x&a[0]=y", {"a": {"1": "x", "0": "y"}}),
        ("a[1]=x&a[2]=y", {"a": {"1": "x", "2": "y"}}),
        ("a[0]=x&a[2]=y", {"a": {"0": "x", "2": "y"}}),
        ("a[0]=x&a[b]=y", {"a": {"0": "x", "b": "y"}}),
        ("a[00]=x", {"a": {"00": "x"}}),
        ("0=x&1=y", {"0": "x", "1": "y"}),
        ("a[][b]=1&a[][b]=2", {"a": [{"b": "1"}, {"b": "2"}]}),
        ("a[b][]=1&a[b][]=2", {"a": {"b": ["1", "2"]}}),
        ("a%5Bb%5D=%5B1%5D", {"a": {"b": "[1]"}}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a=%zz%", {"a": "%zz%"}),
        ("a=null", {"a": "null"}),
        ('Properties={"a": 1}', {"Properties": '{"a": 1}'}),
        ("a=+b+", {"a": " b "}),
        ("a=%00", {"a": "\0"}),
    ],
)
def test_forms(body: str, params: dict[str, Any]) -> None:
    assert read(body, FORM) == params


@pytest.mark.parametrize(
    "body",
    [
        "a=1&a[b]=2",
        "a[b]=2&a=1",
        "a[]=1&a[b]=2",
        "a[b]=1&a[]=2",
        "a[b]=1&a[b][c]=2",
        "a[b][c]=1&a[b]=2",
        "a[b=1",
        "a]b=1",
        "[a]=1",
        "a[b]c=1",
        "a[[b]]=1",
        "a=%ff",
        "%ff=a",
        "a=%ed%a0%80",
        b"a=\xff",
    ],
)
def test_forms_that_cannot_be_read(body: bytes | str) -> None:
    assert refused(body, FORM) == UNREADABLE


def test_form_depth() -> None:
    assert read("a" + "[a]" * 31 + "=1", FORM)["a"]
    assert refused("a" + "[a]" * 32 + "=1", FORM) == UNREADABLE
    assert refused("a" + "[a]" * 20_000 + "=1", FORM) == UNREADABLE


def test_form_nodes() -> None:
    # The outermost object, the array, and its members.
    assert len(read("&".join(["a[]"] * 16_384), FORM)["a"]) == 16_384
    assert len(read("", None, "&".join(["a[]="] * 19_998))["a"]) == 19_998
    assert refused("", None, query="&".join(["a[]="] * 19_999)) == UNREADABLE
    assert refused("&".join(["a"] * 20_001), FORM) == UNREADABLE
    assert refused("&".join(["a=1"] * 20_000), FORM) == TOO_LARGE


def test_uploaded_files_are_not_accepted() -> None:
    upload = ('Content-Disposition: form-data; name="Properties"; filename="p.json"', "{}")
    assert refused(*multipart(field("a", "1"), upload)) == UNSUPPORTED


def test_a_part_may_say_that_it_is_utf8_and_nothing_else() -> None:
    disposition = 'Content-Disposition: form-data; name="a"\r\nContent-Type: text/plain'
    assert read(*multipart((f"{disposition}; charset=utf-8", "é"))) == {"a": "é"}
    assert read(*multipart((disposition, "é"))) == {"a": "é"}
    assert refused(*multipart((f"{disposition}; charset=iso-8859-1", "e"))) == UNSUPPORTED


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--b\r\n", "multipart/form-data"),
        (b"--b\r\n", "multipart/form-data; boundary="),
        (b"--b\r\n", f"multipart/form-data; boundary={'b' * 71}"),
        (b"--b\r\n", "multipart/form-data; boundary=b"),
        (b"no boundary", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b"),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--", "multipart/form-data; boundary=b"),
        (b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data; boundary=b"),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--',
            "multipart/form-data; boundary=b",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--b--',
            "multipart/form-data; boundary=b",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="a[b"\r\n\r\n1\r\n--b--',
            "multipart/form-data; boundary=b",
        ),
        (b"--\xe9\r\n", "multipart/form-data; boundary=\u20ac"),
    ],
)
def test_multipart_that_cannot_be_read(body: bytes, content_type: str) -> None:
    assert refused(body, content_type) == UNREADABLE


# Body and query


def test_query_string() -> None:
    assert read("", None, "ListID=123&Properties[a]=b") == {"ListID": "123", "Properties": {"a": "b"}}


def test_body_wins_over_query_in_any_letter_case() -> None:
    assert read('{"listid": 5}', JSON, "ListID=6&LISTID=7&Event=a") == {"listid": 5, "Event": "a"}
    assert read("listid=5", FORM, "ListID=6&Event=a") == {"listid": "5", "Event": "a"}


def test_what_is_absent_in_the_body_is_taken_from_the_query() -> None:
    assert read('{"ListID": null}', JSON, "ListID=6") == {"ListID": "6"}
    assert read("ListID=", FORM, "ListID=6") == {"ListID": "6"}


@pytest.mark.parametrize("query", ["a=%ff", "a=1&a[b]=2", "a=\xff"])
def test_a_query_that_cannot_be_read(query: str) -> None:
    assert refused("", None, query=query) == UNREADABLE


@pytest.mark.parametrize(
    ("content_type", "body", "query", "is_form"),
    [
        (JSON, b'{"a": 1}', "", False),
        (JSON, b'{"a": 1}', "b=2", False),
        (FORM, b'{"a": 1}', "", False),
        (JSON, b"{}", "b=2", True),
        (FORM, b"a=1", "b=2", True),
        (None, b"", "b=2", True),
    ],
)
def test_whether_all_parameters_came_as_text(
    content_type: str | None, body: bytes, query: str, is_form: bool
) -> None:
    assert read_params(content_type, None, body, query)[1] is is_form


# Anything at all

NAMES = st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"]), min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TREES = st.recursive(
    TEXTS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4), max_leaves=10
)


def flat(tree: Any, name: str) -> list[tuple[str, str]]:
    if isinstance(tree, str):
        return [(name, tree)]
    return [pair for key, value in tree.items() for pair in flat(value, f"{name}[{key}]" if name else key)]


@given(st.dictionaries(NAMES, TREES, max_size=5), st.sampled_from([quote, quote_plus]))
def test_forms_and_json_give_the_same_parameters(params: dict[str, Any], quoting: Any) -> None:
    form = urlencode(flat(params, ""), quote_via=quoting)
    expected = {name: value for name, value in params.items() if value != ""}
    assert read(form, FORM) == expected
    assert read(json.dumps(expected)) == expected
    assert read("", None, form) == expected


CONTENT_TYPES = st.one_of(
    st.sampled_from(
        [None, JSON, FORM, "text/plain", "multipart/form-data; boundary=b", "multipart/form-data"]
    ),
    st.text(st.characters(max_codepoint=255), max_size=60),
    st.text(st.characters(max_codepoint=255), max_size=20).map(
        lambda text: f"application/json; charset={text}"
    ),
    st.text(st.characters(max_codepoint=255), max_size=20).map(
        lambda text: f"multipart/form-data; boundary={text}"
    ),
)
PIECES = st.sampled_from(
    b"--b|--|\r\n|\n|\r|Content-Disposition|: |form-data|; name=|; filename=|*=utf-8''%|\""
    b"|a|[|]|{|}|,|:|=|&|%|\\u|d800|1|e9|\x00|\xff|null".split(b"|")
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(PIECES, max_size=40).map(b"".join),
    st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists).map(
        lambda v: json.dumps({"a": v}).encode()
    ),
)


@example(
    "multipart/form-data; boundary=b",
    None,
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\r\n--b--',
    "",
)
@given(
    CONTENT_TYPES,
    st.none() | st.text(max_size=10),
    BODIES,
    st.text(st.characters(max_codepoint=255), max_size=60),
)
def test_whatever_comes_gives_parameters_or_a_command_error(
    content_type: str | None, encoding: str | None, body: bytes, query: str
) -> None:
    try:
        params, is_form = read_params(content_type, encoding, body, query)
    except CommandError as refusal:
        outcome = refusal
    else:
        assert None not in params.values()
        assert json.loads(json.dumps(params)) == params
        assert is_form or params
        return
    assert (outcome.errors[0].code, outcome.status) in (UNREADABLE, UNSUPPORTED)
    assert outcome.body["Errors"][0]["Message"].isascii()
