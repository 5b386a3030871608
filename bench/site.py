"""Whose events are measured? A site that has been tracked for a while: users with keys, lists, and known visitors."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.servers import gunicorn
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.plugins import load_commands

ACCOUNTS, VISITORS = 50, 100_000
CONNECTIONS = 32
#: One visitor in so many has an Email.
VISITORS_A_SUBSCRIBER = 10
#: What is measured is Tracker, not its rate limits.
LIMITED = ("event.track", "event.collect", "event.collect.address", "website_events.properties")
LIMITS = ",".join(f"{name}=1000000000/60" for name in LIMITED)
COUNT_SECONDS = 600


@dataclass(frozen=True)
class Site:
    """A folder with the file of accounts and an empty database of theirs, to be copied."""

    folder: Path
    visitors: int
    connections: int

    @property
    def people(self) -> int:
        return self.visitors // VISITORS_A_SUBSCRIBER

    @property
    def accounts(self) -> Path:
        return self.folder / "accounts.txt"

    def database(self, name: str, copied_from: str = "empty") -> Database:
        """A database of this site with what another one of it holds; nobody may have that one open."""
        shutil.copy(self.folder / f"{copied_from}.db", self.folder / f"{name}.db")
        return Database(self.folder, name)


@dataclass(frozen=True)
class Database:
    """One SQLite file of a site."""

    folder: Path
    name: str

    @property
    def path(self) -> Path:
        return self.folder / f"{self.name}.db"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def serve(self, application: str = "wsgi:app", **environ: str) -> AbstractContextManager[str]:
        """Tracker on this database; gives its address."""
        settings = {"TRACKER_DATABASE_URL": self.url, "TRACKER_LIMITS": LIMITS, **environ}
        return gunicorn(application, settings, self.folder / f"{self.name}.log")

    def count_events(self) -> int:
        """The events that clients sent; the identify events that Tracker added to them are flagged."""
        return self._count("SELECT COUNT(*) FROM events WHERE flags & 1 = 0")

    def count_names(self) -> int:
        """The rows that listings are made of: each event's name and each of its properties', per list."""
        return self._count(
            "SELECT (SELECT COUNT(*) FROM event_names) + (SELECT COUNT(*) FROM event_properties)"
        )

    def _count(self, sql: str) -> int:
        settings = Settings.from_environ({"TRACKER_DATABASE_URL": self.url})
        database = open_database(settings, load_commands())
        try:
            until = time.monotonic() + COUNT_SECONDS
            rows = database.read(lambda t: t.select(sql), until)
        finally:
            database.close()
        return int(rows[0][0])

    def size(self) -> int:
        """Bytes on the disk, the write-ahead log included."""
        return sum(path.stat().st_size for path in self.folder.glob(f"{self.name}.db*"))

    def remove(self) -> None:
        for path in self.folder.glob(f"{self.name}.db*"):
            path.unlink()


@dataclass(frozen=True)
class AnyDatabase(Database):
    """A database by its URL; `folder` and `name` say where the log of Tracker's processes goes, and a file's bytes."""

    address: str

    @property
    def url(self) -> str:
        return self.address


def make_site(folder: Path, scale: float = 1.0, connections: int = CONNECTIONS) -> Site:
    """An empty database with ACCOUNTS users, each with a key and a list; `connections` are what loads come over."""
    people_of_one = max(1, round(VISITORS * scale / ACCOUNTS / VISITORS_A_SUBSCRIBER))
    site = Site(folder, people_of_one * ACCOUNTS * VISITORS_A_SUBSCRIBER, connections)
    furnish(site.accounts, {"TRACKER_DATABASE_URL": f"sqlite:///{folder}/empty.db"})
    return site


def furnish(
    accounts: Path, environ: Mapping[str, str], count: int = ACCOUNTS, is_spread: bool = False
) -> None:
    """Make so many users in an empty database, each with a key and a list, and write them into a file.

    Each user has a hidden list besides, so that all their numbers are even. Where lists are to be spread by their numbers,
    every other user has one more.
    """
    settings = Settings.from_environ(environ)
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    lines = []
    for number in range(count):
        user = services.stores.users.add(f"user{number}@example.com", "bench-password-1")
        key = services.stores.keys.add(user, "Subscribers.Get")
        if is_spread and number % 2:
            services.stores.lists.add(user, "unused")
        list_id = services.stores.lists.add(user, "bench")
        found = services.stores.lists.owned(user, list_id)
        lines.append(f"{key} {list_id} {found.tracker_id if found else ''}")
    services.close()
    accounts.write_text("\n".join(lines) + "\n")
