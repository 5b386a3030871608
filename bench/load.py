"""How is a server put under load, and what did it answer? wrk with `load.lua`, which loses no answer."""

from __future__ import annotations

import resource
import secrets
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Timer
from typing import Literal

from bench.servers import ROOT
from bench.site import Site

#: More seconds than any answer takes: wrk is ended as soon as all answers are here.
PATIENCE_SECONDS = 60
#: More than are ever sent; wrk's Lua takes numbers only.
NO_LIMIT = 10**12

Kind = Literal["event", "public", "batch", "sdk", "same", "introduce", "listing"]
PATHS = {
    "event": "/api/v1/event",
    "public": "/t/",
    "batch": "/api/v1/events",
    "sdk": "/sdk/segment/v1/batch",
    "same": "/api/v1/events",
    "introduce": "/api/v1/events",
    "listing": "/api/v1/website_events.properties",
}


class BenchFailed(Exception):
    """What was measured did not do what it was measured for."""


@dataclass(frozen=True)
class Load:
    """What one run of the client saw: answers, all of them 200, in so many seconds. Latencies in milliseconds.

    `events` is how many events a request carried, `client_seconds` the processor time that the client took. `refused` were
    answered, but not with 2xx, where that was allowed: they are none of `requests`.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    client_seconds: float
    events: int = 1
    refused: int = 0

    @property
    def per_second(self) -> float:
        """Events, or requests that carry none."""
        return self.requests * self.events / self.seconds

    @property
    def stored(self) -> int:
        return self.requests * self.events


def load(
    url: str,
    site: Site,
    kind: Kind,
    *,
    seconds: float = NO_LIMIT,
    requests: int = NO_LIMIT,
    events: int = 1,
    connections: int | None = None,
    midway: Callable[[], None] | None = None,
    may_refuse: bool = False,
) -> Load:
    """Drive `url` for so long, or with so many requests, over the site's connections; `midway` is called under load.

    Raises BenchFailed when an answer was missing, or was not 2xx unless it `may_refuse`.
    """
    connections = connections or site.connections
    limits = [str(min(seconds, NO_LIMIT)), str(requests), str(connections), str(secrets.randbits(31))]
    command = ["wrk", "-t1", f"-c{connections}", "-d1h", f"--timeout={PATIENCE_SECONDS}s"]
    script = ["-s", str(ROOT / "bench/load.lua"), url + PATHS[kind], "--"]
    people = [str(events), str(site.visitors), str(site.people)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wrk = subprocess.Popen(
        [*command, *script, str(site.accounts), kind, *people, *limits], stdout=subprocess.PIPE, text=True
    )
    timer = Timer(min(seconds / 2, 1.0), midway) if midway else None
    if timer:
        timer.start()
    try:
        drained, said = _until_drained(wrk)
    finally:
        if timer:
            timer.join()
        wrk.kill()
        wrk.wait()
        if wrk.stdout:
            wrk.stdout.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    refused = said[1] if may_refuse else 0
    return _checked(drained, [said[0], said[1] - refused, *said[2:]], spent, events, refused)


def _until_drained(wrk: subprocess.Popen[str]) -> tuple[list[int], list[int]]:
    """What wrk printed when all answers were here, and after it was told to end."""
    assert wrk.stdout is not None
    drained: list[int] = []
    for line in wrk.stdout:
        word, *numbers = line.split() or [""]
        if word == "DRAINED":
            drained = list(map(int, numbers))
            wrk.send_signal(signal.SIGINT)
        if word == "RESULT":
            wrk.wait(timeout=PATIENCE_SECONDS)
            return drained, list(map(int, numbers))
    raise BenchFailed("the client ended before all answers were there")


def _checked(
    drained: Sequence[int], said: Sequence[int], client_seconds: float, events: int, refused: int
) -> Load:
    (asked, micros), (answers, failures, lost, p50, p99) = drained, said
    if failures or lost or asked != answers:
        raise BenchFailed(
            f"of {asked} requests {asked - answers} were not answered, {failures} not with 2xx, {lost} connections failed"
        )
    return Load(answers - refused, micros / 1e6, p50 / 1000, p99 / 1000, client_seconds, events, refused)
