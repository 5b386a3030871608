"""What did real SDKs send, and what must come of it? One file of rows a family; `python -m tests.sdks.golden_rows FAMILY FILE` adds those of recordings.

A row is a recorded request, the events that its adapter hands on, and the answer. Rows that are added are to be read, line by
line: the test holds the adapter to them from then on.
"""

from __future__ import annotations

import base64
import functools
import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tracker.errors import CommandError
from tracker.plugins import load_adapters
from tracker.sdks import EVENTS, Adapters, SdkReply, SdkRequest
from tracker.sdks.adapter_table import ListedAdapter, SdkRoute, parts_of

FOLDER = Path(__file__).parent / "golden"
#: The public id and the API key of recordings.
PUBLIC_ID, API_KEY = "LISTPUBLICID0001", "trk_EXAMPLE0_secret"
PREFIX = "/sdk/"


@functools.cache
def adapters() -> Adapters:
    return load_adapters()


def families() -> list[str]:
    return [listed.adapter.family for listed in adapters()]


def listed_of(family: str) -> ListedAdapter:
    listed = adapters().find(family)
    assert listed is not None, family
    return listed


@dataclass(frozen=True)
class Row:
    """A recorded request of a family, with what comes of it."""

    family: str
    client: str
    method: str
    path: str  # below the family's address
    query: str
    headers: Mapping[str, str]
    packed: str | None
    body: str
    at: int
    events: Any = None
    answer: Any = None

    @property
    def raw(self) -> bytes:
        """The body as it was sent."""
        plain = self.body.encode()
        return gzip.compress(plain, mtime=0) if (self.packed or "").startswith("gzip") else plain

    @functools.cached_property
    def route(self) -> tuple[SdkRoute, dict[str, str]]:
        found = [each for each in listed_of(self.family).at(self._parts[1]) if each[0].method == self.method]
        assert found, f"{self.family} has no route for {self.method} {self.path}"
        return found[0]

    @property
    def is_tracking(self) -> bool:
        return self.route[0].kind == EVENTS

    @property
    def _parts(self) -> tuple[str | None, list[str]]:
        parts = parts_of(self.path)
        return (parts[0], parts[1:]) if parts[:1] == [PUBLIC_ID] else (None, parts)

    def request(self) -> SdkRequest:
        """The request as the door gives it to the adapter."""
        path_id, parts = self._parts
        headers = {name.lower(): value for name, value in self.headers.items()}
        made = SdkRequest(
            self.method, "/".join(parts), self.route[1], self.query, headers, self.raw, self.at, "192.0.2.7", path_id,
            visitor_of_day=visitor_of_day,
        )  # fmt: skip
        adapter = listed_of(self.family).adapter
        credential = adapter.credential(made) or (
            adapter.credential_in_body(made) if self.is_tracking else None
        )
        made.has_secret = credential is not None and credential.secret is not None
        return made

    def sent_with(self, public_id: str, api_key: str) -> tuple[str, dict[str, str], bytes, str]:
        """Path, headers, body and query with another list and key."""

        def replaced(text: str) -> str:
            return text.replace(PUBLIC_ID, public_id).replace(API_KEY, api_key)

        headers = {name: _in_basic(value, replaced) for name, value in self.headers.items()}
        is_form = self.body.startswith("data=")
        body = (_in_fields(self.body, replaced) if is_form else replaced(self.body)).encode()
        raw = gzip.compress(body, mtime=0) if (self.packed or "").startswith("gzip") else body
        return f"{PREFIX}{self.family}{replaced(self.path)}", headers, raw, _in_fields(self.query, replaced)


def visitor_of_day(address: str, agent: str) -> str:
    """A visitor that tells what it was made of."""
    return f"of the day: {address} {agent}"


def _in_basic(value: str, replaced: Any) -> str:
    scheme, _, packed = value.partition(" ")
    if scheme != "Basic":
        return str(replaced(value))
    return "Basic " + base64.b64encode(replaced(base64.b64decode(packed).decode()).encode()).decode()


def _in_fields(text: str, replaced: Any) -> str:
    """A query or a form with another key: it may stand in the field `data`, in base64."""
    if "data=" not in text:
        return str(replaced(text))
    fields = parse_qsl(text, keep_blank_values=True)
    return urlencode(
        [(name, _in_base64(value, replaced) if name == "data" else replaced(value)) for name, value in fields]
    )


def _in_base64(text: str, replaced: Any) -> str:
    if text[:1] in ("{", "["):
        return str(replaced(text))
    return base64.b64encode(replaced(base64.b64decode(text).decode("latin-1")).encode("latin-1")).decode()


def outcome(row: Row) -> tuple[Any, Any]:
    """(what the adapter hands on: one list of events a thing, or the error; the answer)."""
    adapter, request = listed_of(row.family).adapter, row.request()
    if not row.is_tracking:
        return None, _told(getattr(adapter, row.route[0].kind)(request))
    items = adapter.events(request)
    told = [
        str(item) if isinstance(item, CommandError) else [dict(event) for event in item] for item in items
    ]
    return json.loads(json.dumps(told)), _told(adapter.answer(request, [None] * len(items)))


def _told(reply: SdkReply) -> dict[str, Any]:
    body = reply.body.hex() if isinstance(reply.body, bytes) else json.loads(json.dumps(reply.body))
    told = {
        "status": reply.status,
        "body": body,
        "headers": dict(reply.headers),
        "media_type": reply.media_type,
    }
    return {name: value for name, value in told.items() if value not in (None, {})}


@functools.cache
def rows_of(family: str) -> tuple[Row, ...]:
    path = FOLDER / f"{family}.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return tuple(Row(family=family, **json.loads(line)) for line in lines)


def all_rows() -> Iterator[Row]:
    for family in families():
        yield from rows_of(family)


def recorded(family: str, file: Path) -> Iterator[Row]:
    """The requests of a family in a file of recordings, without preflights, which are the door's."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    clients = {each["sdk"]: each.get("version", "") for each in lines if each["kind"] == "outcome"}
    prefix = f"{PREFIX}{family}"
    for each in lines:
        if each["kind"] != "request" or each["m"] == "OPTIONS":
            continue
        path = each["p"]
        if path != prefix and not path.startswith(f"{prefix}/"):
            continue
        client = f"{each['sdk']} {clients.get(each['sdk'], '')}".strip()
        body = each["b"] if isinstance(each["b"], str) else json.dumps(each["b"], ensure_ascii=False)
        yield Row(
            family, client, each["m"], path.removeprefix(prefix) or "/", each["q"], each["h"], each["packed"], body, int(each["at"] * 1000)
        )  # fmt: skip


def add(family: str, file: Path) -> int:
    """Write the rows of a file of recordings, beside those of other clients that are there. Returns how many were written."""
    new = list(recorded(family, file))
    clients = {row.client for row in new}
    kept = [row for row in rows_of(family) if row.client not in clients]
    lines = []
    for row in (*kept, *new):
        events, answer = outcome(row)
        fields = {name: getattr(row, name) for name in Row.__dataclass_fields__ if name != "family"}
        lines.append(json.dumps({**fields, "events": events, "answer": answer}, ensure_ascii=False))
    (FOLDER / f"{family}.jsonl").write_text("\n".join(lines) + "\n")
    return len(lines)


if __name__ == "__main__":
    sys.stdout.write(f"{add(sys.argv[1], Path(sys.argv[2]))} rows\n")
