"""What might anybody send to Tracker? Strategies for requests from nearly right to pure noise."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from hypothesis import strategies as st

from tests.fuzz.oracle import commands
from tests.reply_schemas import document

BOUNDARY = "edge"
#: The command stays what it is, and credentials beside a key in the header are not looked at.
UNTOUCHED = {"Command", "SessionID"}
READERS = {item["get"]["tags"][0] for item in document()["paths"].values() if "get" in item}
PATHS = ["/api.php", "/api/v1/event", *(f"/api/v1/{name}" for name in commands())]


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as a WSGI server gives it. Text is what Latin-1 makes of the bytes, as WSGI wants it."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def in_any_case(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from([text, text, text, text.lower(), text.upper(), text.title()])


#: Whatever JSON can hold and more: huge integers, NaN, lone surrogates, NUL.
_scalars = (
    st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
    | st.text(st.characters(codec=None)) | st.sampled_from(["", " ", "\0", "0", "1_000", "１２", "conversion", "identify", "\ud800"])
)  # fmt: skip
values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
#: Text at the edge of being an address, a time, a number, a UUID or JSON; and what is too long, too deep or too many.
_edges = st.sampled_from([
    "a@b", "@", "a@b.c", "a@ü.de", "a@xn--a", '"a b"@c.de', "a" * 64 + "@b.de", "a@" + "b." * 130 + "de", "ａ＠ｂ．ｃ",
    "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60Z", "2026-01-01 00:00Z", "1e400", "-0", "9" * 30,
    "urn:uuid:550e8400-e29b-41d4-a716-446655440000", "{550e8400e29b41d4a716446655440000", "f" * 32,
    '{"a": 1}', "{", "[]", '{"a": NaN}', "x" * 200, "é" * 101, "x" * 32_768, "x" * 32_769, "x" * 70_000,
    1, 2**62, [[]] * 300, {str(n): n for n in range(256)}, {"é" * 128: 1}, {"\0": 1}, 2**63, -(2**63) - 1, 1e308, 10**12 + 1,
    {"conversion-id": 1, "conversion-name": 2, "conversion-value": "1e999"}, {"isTest": True}, {"isTest": "1"},
])  # fmt: skip
_deep = st.integers(20, 40).map(lambda levels: json.loads('{"a":' * levels + "1" + "}" * levels))


def near(command: str, right: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Parameters of a command that are right but for one to three, or, one time in six, right."""
    own = st.sampled_from([name for name in commands()[command]["properties"] if name not in UNTOUCHED])
    names = st.one_of(own, own, own, own.flatmap(in_any_case), st.text(max_size=20))
    wrong = st.dictionaries(
        names, st.one_of(values, _edges, _edges, st.integers(-1, 99), _deep), min_size=1, max_size=3
    )
    return st.one_of(st.just({}), *[wrong] * 5).map(lambda found: {**right, **found})


@st.composite
def mangled(draw: st.DrawFn, whole: bytes) -> bytes:
    """Bytes with one place cut out and something else put in."""
    start = draw(st.integers(0, len(whole)))
    return whole[:start] + draw(st.binary(max_size=8)) + whole[start + draw(st.integers(0, 8)) :]


def as_json(params: dict[str, Any]) -> bytes:
    # In ASCII, so that a lone surrogate reaches the reader as an escape.
    return json.dumps(params).encode()


def form_pairs(params: dict[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in params.items():
        if isinstance(value, dict):
            pairs += [(f"{name}[{key}]", str(item)) for key, item in value.items()]
        else:
            pairs.append((name, "" if value is None else str(value)))
    return pairs


def as_form(params: dict[str, Any]) -> bytes:
    return urlencode(form_pairs(params), quote_via=quote_plus, errors="surrogatepass").encode()


def as_multipart(params: dict[str, Any]) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in form_pairs(params)
    ]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode(errors="surrogatepass")


WRITERS = {
    "application/json": as_json,
    "text/plain": as_json,
    "application/x-www-form-urlencoded": as_form,
    f"multipart/form-data; boundary={BOUNDARY}": as_multipart,
}
_odd_types = st.sampled_from([
    None, "", "application/xml", "application/json; charset=utf-16", "multipart/form-data", "multipart/form-data; boundary=",
    "application/ld+json", "application/x-www-form-urlencoded; charset=utf-8", "image/png", ";", "a/b; c=\"d",
])  # fmt: skip
_latin = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40)
content_types = st.sampled_from(list(WRITERS)) | _odd_types | _latin
methods = st.sampled_from(
    ["POST"] * 6 + ["GET"] * 4 + ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW"]
)
_known = st.sampled_from(PATHS)
paths = (
    _known | _known | _known.flatmap(in_any_case) | _known.map(lambda path: path + "/")
    | _latin.map(lambda text: f"/api/v1/{text}") | st.sampled_from(["/api", "/api/v1", "/api/v1/", "//api.php", "/api.php/x"])
)  # fmt: skip


@st.composite
def well_formed(draw: st.DrawFn, right: dict[str, dict[str, Any]]) -> Sent:
    """A call in one of the forms that are read, right but for a few parameters. `right` has those of each command."""
    command = draw(st.sampled_from(sorted(right)))
    params = {"Command": draw(in_any_case(command)), **draw(near(command, right[command]))}
    path = draw(st.just("/api.php") | in_any_case(command).map(lambda name: f"/api/v1/{name}"))
    if command in READERS and draw(st.booleans()):
        return Sent("GET", path, query=as_form(params).decode())
    content_type = draw(st.sampled_from(list(WRITERS)))
    return Sent("POST", path, body=WRITERS[content_type](params), content_type=content_type)


@st.composite
def ill_formed(draw: st.DrawFn, right: dict[str, dict[str, Any]]) -> Sent:
    """Bytes that are hardly a call: mangled, of another type than said, at any path, with any method."""
    command = draw(st.sampled_from(sorted(right)))
    params = draw(near(command, right[command]))
    right_type, write = draw(st.sampled_from(list(WRITERS.items())))
    whole = write(params)
    body = draw(st.binary(max_size=200) | mangled(whole) | st.just(whole) | st.just(whole))
    query = draw(st.just("") | _latin | mangled(as_form(params)).map(lambda found: found.decode("latin-1")))
    content_type = draw(st.just(right_type) | content_types)
    return Sent(draw(methods), draw(paths), query, body, content_type)


@st.composite
def with_headers(draw: st.DrawFn, right: dict[str, dict[str, Any]], key: str) -> Sent:
    """A call whose headers are anything."""
    command = draw(st.sampled_from(sorted(right)))
    tokens = st.sampled_from(
        [f"Bearer {key}", f"bearer  {key} ", "Bearer", "Bearer ", f"Bearer {key}x", f"Basic {key}"]
    )
    encodings = st.sampled_from(["identity", "gzip", "br", ""])
    headers = {
        "HTTP_AUTHORIZATION": draw(tokens | _latin),
        "HTTP_CONTENT_ENCODING": draw(encodings | _latin),
        "HTTP_X_REQUEST_ID": draw(_latin),
        "CONTENT_LENGTH": draw(
            st.sampled_from(["0", "1", "-1", "abc", "99999999999999999999", " 5", "１２"])
        ),
        "HTTP_X_FORWARDED_FOR": draw(_latin),
        "HTTP_HOST": draw(_latin),
        "HTTP_COOKIE": draw(_latin),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(headers)), max_size=3))
    sent = {name: headers[name] for name in chosen}
    return Sent("POST", f"/api/v1/{command}", "", as_json(right[command]), draw(content_types), sent)
