"""How do tests call Tracker without a server? The whole application in this process, called as WSGI."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.reply_schemas import EVENTS, command_in, faults, first_part
from tracker.app import create_app, open_database
from tracker.config import Settings
from tracker.plugins import load_commands

#: Tables whose rows say what was stored; the others hold accounts and leases.
DATA_TABLES = (
    "visitors", "identity_links", "subscribers", "events", "event_ids", "event_names", "event_properties", "custom_fields",
    "subscriber_fields",
)  # fmt: skip
#: Commands that tests call more often than anybody should.
CALLED_OFTEN = (
    "event.track", "events.follow", "website_events.properties", "subscriber.create", "subscriber.get", "subscriber.update", "subscriber.delete",
    "subscribers.get", "website_events.catalogue", "website_events.values", "customfield.create", "customfields.get", "customfield.delete",
)  # fmt: skip
HIGH_LIMITS = ",".join(f"{name}=1000000/60" for name in CALLED_OFTEN)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: status, headers, bytes, and the JSON in them."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    body: Any

    @property
    def codes(self) -> list[int]:
        """The error codes, in the order they were answered."""
        return [row["Code"] for row in self.body["Errors"]]


@dataclass(frozen=True, slots=True)
class Shop:
    """A user with a list and a key for everything."""

    user_id: int
    email: str
    password: str
    key: str
    list_id: int


#: `track(Event=…, …)`: the call that the fixture of that name gives.
Track = Callable[..., Reply]


class Client:
    """Tracker on one migrated database. `settings` are added to its environment."""

    def __init__(self, url: str, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        environ = {"TRACKER_DATABASE_URL": url, "TRACKER_LIMITS": HIGH_LIMITS, **(settings or {})}
        read = Settings.from_environ(environ)
        open_database(read, load_commands(read.plugins_folder)).upgrade()
        with contextlib.chdir(folder):  # beside a server's database the limits are counted in ./var
            self.app = create_app(read)
        self.services = self.app.extensions["tracker"]
        self._client = self.app.test_client()

    def open_shop(self, email: str, permissions: str = "*", is_admin: bool = False) -> Shop:
        stores, password = self.services.stores, f"password of {email}"
        user_id = stores.users.add(email, password, is_admin)
        key, list_id = stores.keys.add(user_id, permissions), stores.lists.add(user_id, "Shop")
        return Shop(user_id, email, password, key, list_id)

    def request(
        self,
        method: str,
        path: str,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        """One request; `key` goes into the Authorization header, `options` to werkzeug."""
        sent = {"Authorization": f"Bearer {key}"} if key is not None else {}
        named = command_in(options)
        if "json" in options:  # written here, as Flask's client sorts the keys
            options |= {
                "data": json.dumps(options.pop("json"), ensure_ascii=False).encode(),
                "content_type": "application/json",
            }
        answer = self._client.open(path, method=method, headers={**sent, **(headers or {})}, **options)
        is_json = answer.mimetype != EVENTS
        raw = answer.get_data() if is_json else first_part(answer)
        assert not (
            wrong := faults(method, path.partition("?")[0], answer.status_code, answer.headers, raw, named)
        ), wrong
        return Reply(answer.status_code, answer.headers, raw, json.loads(raw) if raw and is_json else None)

    def open(self, path: str, key: str, params: Mapping[str, Any]) -> Iterator[bytes]:
        """The parts of an answer that lasts, as they come."""
        headers = {"Authorization": f"Bearer {key}"}
        answer = self._client.get(path, headers=headers, query_string=params)
        assert answer.status_code == 200, answer.get_data()
        return iter(answer.response)  # type: ignore[arg-type]

    def call(self, command: str, key: str | None = None, /, **params: Any) -> Reply:
        """Call a command at /api.php with a JSON body."""
        return self.request("POST", "/api.php", key, json={"Command": command, **params})

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the database holds: the rows of a SELECT with `?` placeholders."""
        found: list[tuple[Any, ...]] = self.services.storage.read(
            lambda transaction: transaction.select(sql, values)
        )
        return found

    def counts(self, tables: Sequence[str] = DATA_TABLES) -> dict[str, int]:
        """How many rows each table has."""
        return {table: self.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in tables}

    def close(self) -> None:
        self.services.close()
