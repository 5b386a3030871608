"""How do tests of commands call Tracker? Through its WSGI application, on a database of their own."""

from __future__ import annotations

import contextlib
import json
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from werkzeug.test import Client, TestResponse

from tests.reply_schemas import EVENTS, command_in, faults, tracked_in
from tracker.app import create_app
from tracker.config import Settings
from tracker.services import Services

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class User:
    """An account with a key for everything and a key without permissions."""

    id: int
    email: str
    key: str
    weak_key: str


def last_of(answer: TestResponse) -> dict[str, Any]:
    """The last event that a stream which ends by itself gives."""
    return dict(json.loads(tracked_in(answer.data)[-1])) if answer.mimetype == EVENTS else {}


class Api:
    """Tracker in this process on a migrated database. `settings` are added to its environment."""

    def __init__(self, database_url: str, **settings: str) -> None:
        read = Settings.from_environ({"TRACKER_DATABASE_URL": database_url, **settings})
        with ExitStack() as opened:
            folder = opened.enter_context(tempfile.TemporaryDirectory())
            # Beside a server's database the limits are counted in ./var.
            with contextlib.chdir(folder):
                self.app = create_app(read)
            self._opened = opened.pop_all()
        self.services: Services = self.app.extensions["tracker"]
        self.services.storage.upgrade()
        self._client = Client(self.app)

    def call(self, command: str, key: str | None = None, **params: Any) -> TestResponse:
        """Call a command at /api.php with a JSON body."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return self.send("POST", "/api.php", json={"Command": command, **params}, headers=headers)

    def ok(self, command: str, key: str | None = None, **params: Any) -> dict[str, Any]:
        """The answer to a call that succeeds."""
        answer = self.call(command, key, **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json or last_of(answer))

    def codes(self, command: str, key: str | None = None, **params: Any) -> tuple[int, list[int]]:
        """Status and error codes of a call that fails."""
        answer = self.call(command, key, **params)
        assert answer.json is not None
        return answer.status_code, [row["Code"] for row in answer.json["Errors"]]

    def send(self, method: str, path: str, **options: Any) -> TestResponse:
        answer = self._client.open(path, method=method, **options)
        if answer.mimetype == EVENTS:
            return answer
        at, named = path.partition("?")[0], command_in(options)
        assert not (wrong := faults(method, at, answer.status_code, answer.headers, answer.data, named)), (
            wrong
        )
        return answer

    def add_user(
        self, email: str = "jane@example.com", permissions: str = "*", is_admin: bool = False
    ) -> User:
        stores = self.services.stores
        user_id = stores.users.add(email, PASSWORD, is_admin, permissions)
        key = stores.keys.add(user_id, "*,Administrator" if is_admin else "*")
        return User(user_id, email, key, stores.keys.add(user_id))

    def close(self) -> None:
        self._opened.close()
        self.services.close()
