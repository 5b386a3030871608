"""What is to be measured, and for how long?"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from bench.load import BenchFailed, Load, load
from bench.servers import gunicorn
from bench.site import ACCOUNTS, Database, Site

#: Events of a request that fills a database.
FILL_EVENTS = 1_000
#: Enough to keep the workers busy, and their queues short.
FILL_CONNECTIONS = 8
#: What the expected duration is worked out with; the run prints what it was.
FILL_PER_SECOND = 8_000


@dataclass(frozen=True)
class Plan:
    """`turns` alternations of `seconds` each; stored events and visitors are scaled by `scale`."""

    site: Site
    turns: int
    seconds: float
    scale: float
    millions: float

    def stored(self, events: float) -> int:
        """So many events at this scale: whole batches."""
        return max(1, round(events * self.scale / FILL_EVENTS)) * FILL_EVENTS


def echo(plan: Plan) -> AbstractContextManager[str]:
    """The bare echo, under the same gunicorn.conf.py."""
    environ = {"TRACKER_DATABASE_URL": f"sqlite:///{plan.site.folder}/echo.db"}
    return gunicorn("bench.echo:app", environ, plan.site.folder / "echo.log")


def fill(plan: Plan, url: str, events: int) -> Load:
    """Store so many events, in whole batches."""
    requests = -(-events // FILL_EVENTS)
    return load(url, plan.site, "batch", requests=requests, events=FILL_EVENTS, connections=FILL_CONNECTIONS)


def introduce(plan: Plan, url: str) -> Load:
    """Let each visitor be seen once."""
    visitors_of_one = plan.site.visitors // ACCOUNTS
    events = min(FILL_EVENTS, visitors_of_one)
    requests = -(-visitors_of_one // events) * ACCOUNTS
    return load(url, plan.site, "introduce", requests=requests, events=events, connections=FILL_CONNECTIONS)


def known(plan: Plan) -> tuple[Database, int]:
    """The database of a site that has been tracked for a while, closed, to be copied; and how many events it has."""
    database = Database(plan.site.folder, "known")
    if database.path.exists():  # another part made it
        return database, database.count_events()
    database = plan.site.database("known")
    with database.serve() as url:
        introduced = introduce(plan, url)
    return database, check_stored(database, [introduced])


def check_stored(database: Database, loads: list[Load], before: int = 0) -> int:
    """All events in the database; raises BenchFailed unless they are those answered with 200, and some of those refused."""
    answered, stored = before + sum(one.stored for one in loads), database.count_events()
    if not answered <= stored <= answered + sum(one.refused * one.events for one in loads):
        raise BenchFailed(f"{answered} events were answered with 200, but {stored} are stored")
    return stored
