"""How do tests start Tracker itself, and talk to it from outside?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from tests.client import Client, Reply
from tests.servers import Server
from tests.shards import watch
from tests.warm_script import start_script
from tests.warm_start import WarmStart, warm_start
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.registry import Registry
from tracker.serve import upgrade

ROOT = Path(__file__).parents[1]
BIN = Path(sys.prefix, "bin")
#: A name server that loses a packet is asked again after a second: names of tests have no address whoever answers.
LOOK_UP = {"RES_OPTIONS": "timeout:1"}
#: Settings with which the tables of plugins are made too, by a process of its own: the plugins are not for this one.
BRINGS_PLUGINS = {"TRACKER_PLUGINS_FOLDER", "PYTHONPATH"}


class Tracker(Server, Client):
    """Tracker under gunicorn, as the Procfile starts it, on a migrated database.

    Without a `database_url` it uses an SQLite file in its folder. `settings` are added to its environment; nothing of
    the test's own environment that Tracker reads gets through.
    """

    def __init__(
        self, database_url: str | None = None, workers: int = 1, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.database_url = database_url or f"sqlite:///{self.folder / 'tracker.db'}"
        self.workers = workers
        self.settings = dict(settings or {})
        self.url = f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        ours = ("TRACKER_", "GUNICORN_", "PYTEST_")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return inherited | {
            "TRACKER_DATABASE_URL": self.database_url,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": str(self.workers),
            "PYTHONPATH": str(ROOT),
            **LOOK_UP,
            **watch.SETTINGS,
            **self.settings,
        }

    def arguments(self) -> list[str]:
        return [str(BIN / "gunicorn"), "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]

    def origin(self) -> WarmStart | None:
        """What plugins bring is loaded by a process of its own; so is all that no worker of ours is."""
        is_ours = self.arguments()[0] == str(BIN / "gunicorn") and not self.settings.keys() & BRINGS_PLUGINS
        return warm_start() if is_ours else None

    def start(self) -> Tracker:
        self.upgrade()
        return super().start()

    def upgrade(self) -> None:
        """As `tracker db upgrade`; in this process, which starts no interpreter, unless plugins come along."""
        if self.settings.keys() & BRINGS_PLUGINS:
            self.cli("db", "upgrade")
        else:
            upgrade(self.read_settings(), Registry())

    def read_settings(self) -> Settings:
        """What Tracker reads from its environment."""
        return Settings.from_environ(self.environment())

    def is_ready(self) -> bool:
        try:
            return self.get("/ready").status == 200
        except (requests.ConnectionError, requests.Timeout):  # it may listen and have no processor yet
            return False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None and self.program is not None:
                assert self.stop() == 0, f"no clean stop:\n{self.logs()}"
        finally:
            self.close()

    def run(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run the `tracker` script with this server's settings; `typed` is its standard input."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with start_script(BIN / "tracker", arguments, self.environment(), cwd=self.folder, **pipes) as run:
            try:
                printed, told = run.communicate(typed, timeout=60)
            except BaseException:
                run.kill()
                raise
        return subprocess.CompletedProcess(arguments, run.returncode, printed, told)

    def cli(self, *arguments: str, typed: str = "") -> str:
        """What the `tracker` script prints, when it succeeds."""
        done = self.run(*arguments, typed=typed)
        assert done.returncode == 0, f"tracker {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def send(self, method: str, path: str, headers: Mapping[str, str], **options: Any) -> Reply:
        """Sent over HTTP, on a connection of its own; `options` go to requests."""
        with requests.Session() as session:
            session.trust_env = False  # no proxy between the tests and 127.0.0.1
            options.setdefault("timeout", 15)
            reply = session.request(method, self.url + path, headers=dict(headers), **options)
        return Reply(reply.status_code, reply.headers, reply.content)

    def records(self) -> list[dict[str, Any]]:
        """The JSON lines it has logged."""
        return [json.loads(line) for line in self.logs().splitlines() if line.startswith("{")]


StartTracker = Callable[..., Tracker]


@dataclass(frozen=True, slots=True)
class Account:
    """A user with one list and one key."""

    email: str
    password: str
    key: str
    list_id: int


def make_account(
    tracker: Tracker, email: str, *permissions: str, list_name: str = "Shop", is_admin: bool = False
) -> Account:
    """Make a user, a list and a key, as the `tracker` script does. A key without permissions may only track events."""
    password = f"password of {email}"
    settings = tracker.read_settings()
    services = build_services(settings, open_database(settings, Registry()))
    try:
        stores = services.stores
        user_id = stores.users.add(email, password, is_admin)
        key = stores.keys.add(user_id, ",".join(permissions))
        return Account(email, password, key, stores.lists.add(user_id, list_name))
    finally:
        services.close()
