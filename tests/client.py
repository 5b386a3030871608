"""How do tests call Tracker? By one client: as WSGI in this process, or over HTTP if it is served (tests/served.py)."""

from __future__ import annotations

import contextlib
import json
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from requests.structures import CaseInsensitiveDict

from tests.reply_schemas import EVENTS, JSON, command_in, faults, first_part
from tests.shards import watch
from tracker.app import create_app
from tracker.config import Settings
from tracker.services import Services

#: Tables whose rows say what was stored; the others hold accounts and leases.
DATA_TABLES = (
    "visitors", "identity_links", "subscribers", "events", "event_ids", "event_names", "event_properties", "custom_fields",
    "subscriber_fields",
)  # fmt: skip
#: Commands that tests call more often than anybody should.
CALLED_OFTEN = (
    "event.track", "events.follow", "website_events.properties", "subscriber.create", "subscriber.get", "subscriber.update", "subscriber.delete",
    "subscribers.get", "website_events.catalogue", "website_events.values", "events.export", "customfield.create", "customfields.get", "customfield.delete",
)  # fmt: skip
HIGH_LIMITS = ",".join(f"{name}=1000000/60" for name in CALLED_OFTEN)
#: Seconds that the build of a small copy is waited for, and between two calls.
BUILD_SECONDS, BUILD_PAUSE = 60, 0.05


@dataclass(frozen=True)
class Reply:
    """An answer as it came: status, headers, and bytes."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @cached_property
    def body(self) -> Any:
        """The JSON in it; None for no bytes, and for a stream."""
        is_json = self.raw and self.headers.get("Content-Type", "").startswith(JSON)
        return json.loads(self.raw) if is_json else None

    @property
    def text(self) -> str:
        return self.raw.decode()

    @property
    def codes(self) -> list[int]:
        """The error codes, in the order they were answered."""
        return [row["Code"] for row in self.body["Errors"]]

    @property
    def refusal(self) -> tuple[int, list[int]]:
        """Status and error codes."""
        return self.status, self.codes


def in_query(sent: dict[str, Any]) -> dict[str, Any]:
    """Parameters as those of a query string: the name of a list ends with brackets, and objects are JSON."""

    def is_of_objects(value: Any) -> bool:
        return isinstance(value, dict) or (isinstance(value, list) and any(map(is_of_objects, value)))

    return {
        name if is_of_objects(value) or not isinstance(value, list) else f"{name}[]": json.dumps(value)
        if is_of_objects(value)
        else value
        for name, value in sent.items()
    }


def when_built(ask: Callable[[], Reply]) -> Reply:
    """Ask until the copy of the list is built: on a busy machine that takes longer than one call waits for it."""
    until = time.monotonic() + BUILD_SECONDS
    while True:
        reply = ask()
        body = reply.body if isinstance(reply.body, dict) else {}
        refusals = (body, *body.get("Errors", ())) if reply.status == 503 else ()
        is_building = body.get("Status") == "building" or any("Progress" in each for each in refusals)
        if not is_building or time.monotonic() > until:
            return reply
        time.sleep(BUILD_PAUSE)


#: `track(Event=…, …)`: the call that the fixture of that name gives.
Track = Callable[..., Reply]


class Client:
    """Calls of one Tracker. Each reply is held against the OpenAPI document; `send` is the transport."""

    #: Whether all commands are built-in ones: the document says nothing of plugins.
    is_described = True

    @abstractmethod
    def send(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Reply:
        """One request with `params` in its query and `data` as its body: bytes, text, or the fields of a form."""

    def request(
        self,
        method: str,
        path: str,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        """One request; `key` goes into the Authorization header, `options` to `send`, and are `json` or `content_type`."""
        named = command_in(options)
        if "json" in options:  # written here, as Flask's client sorts the keys
            options["data"] = json.dumps(options.pop("json"), ensure_ascii=False).encode()
            options.setdefault("content_type", "application/json")
        sent = {"Authorization": f"Bearer {key}"} if key is not None else {}
        if content_type := options.pop("content_type", None):
            sent["Content-Type"] = content_type
        reply = self.send(method, path, {**sent, **(headers or {})}, **options)
        if self.is_described:
            wrong = faults(method, path.partition("?")[0], reply.status, reply.headers, reply.raw, named)
            assert not wrong, f"{method} {path}: not as /api/v1/openapi.json promises: {wrong}\n{reply.text}"
        return reply

    def get(self, path: str, key: str | None = None, **options: Any) -> Reply:
        return self.request("GET", path, key, **options)

    def post(self, path: str, key: str | None = None, **options: Any) -> Reply:
        return self.request("POST", path, key, **options)

    def call(self, command: str, key: str | None = None, /, **params: Any) -> Reply:
        """Call a command at /api.php with a JSON body."""
        return self.post("/api.php", key, json={"Command": command, **params})

    def ok(self, command: str, key: str | None = None, /, **params: Any) -> dict[str, Any]:
        """The answer to a call that succeeds."""
        reply = self.call(command, key, **params)
        assert reply.status == 200, reply.text
        return dict(reply.body)


@dataclass(frozen=True, slots=True)
class Shop:
    """A user with a list and a key for everything."""

    user_id: int
    email: str
    password: str
    key: str
    list_id: int


class InProcess(Client):
    """Tracker's whole application in this process, on one migrated database.

    `settings` are added to its environment. A database that is not upgraded stays empty.
    """

    def __init__(
        self, url: str, folder: Path, settings: Mapping[str, str] | None = None, is_upgraded: bool = True
    ) -> None:
        environ = {
            "TRACKER_DATABASE_URL": url,
            "TRACKER_LIMITS": HIGH_LIMITS,
            **watch.SETTINGS,
            **(settings or {}),
        }
        read = Settings.from_environ(environ)
        with contextlib.chdir(folder):  # beside a server's database the limits are counted in ./var
            self.app = create_app(read)
        self.services: Services = self.app.extensions["tracker"]
        if is_upgraded:
            self.services.storage.upgrade()
        self._client = self.app.test_client(use_cookies=False)

    def send(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Reply:
        """Called as WSGI, from `address`. Of a stream the first part is read."""
        answer = self._open(method, path, headers, **options)
        raw = first_part(answer) if answer.mimetype == EVENTS else answer.get_data()
        said = {name: ", ".join(answer.headers.getlist(name)) for name in answer.headers.keys()}  # noqa: SIM118 - it iterates over pairs
        return Reply(answer.status_code, CaseInsensitiveDict(said), raw)

    def parts(self, path: str, key: str, params: Mapping[str, Any]) -> Iterator[bytes]:
        """The parts of an answer that lasts, as they come."""
        answer = self._open("GET", path, {"Authorization": f"Bearer {key}"}, params=params)
        assert answer.status_code == 200, answer.get_data()
        return iter(answer.response)

    def _open(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        params: Any = None,
        data: Any = None,
        address: str = "127.0.0.1",
    ) -> Any:
        base = {"REMOTE_ADDR": address}
        return self._client.open(
            path, method=method, headers=dict(headers), query_string=params, data=data, environ_base=base
        )

    def open_shop(
        self,
        email: str,
        permissions: str = "*",
        is_admin: bool = False,
        may: str = "*",
        list_name: str | None = "Shop",
    ) -> Shop:
        """Make a user who `may` do so much, with a key; without a `list_name` they have no list, and its number is 0."""
        stores, password = self.services.stores, f"password of {email}"
        user_id = stores.users.add(email, password, is_admin, may)
        list_id = stores.lists.add(user_id, list_name) if list_name is not None else 0
        return Shop(user_id, email, password, stores.keys.add(user_id, permissions), list_id)

    def weak_key(self, user: Shop) -> str:
        """A new key of a user's without permissions: it may only track events."""
        return str(self.services.stores.keys.add(user.user_id))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds: the rows of a SELECT with `?` placeholders."""
        found: list[tuple[Any, ...]] = self.services.storage.read(
            lambda transaction: transaction.select(sql, values)
        )
        return found

    def counts(self, tables: Sequence[str] = DATA_TABLES) -> dict[str, int]:
        """How many rows each table has."""
        counted = ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in tables)
        return dict(zip(tables, self.rows(f"SELECT {counted}")[0], strict=True))

    def close(self) -> None:
        self.services.close()


#: `new_client({"TRACKER_…": …})`: the call that the fixture of that name gives.
NewClient = Callable[..., InProcess]
