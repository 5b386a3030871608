"""Event stream of the shop: the wanted number of events of the last days, in the order in which they happened.

A visit depends on the seed and its own number alone, so that more events are the same visits and some more. Only when
it was depends on `now`; its EventIDs do not: the same seed can be stored again, at any time, and nothing is there twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tracker.demo.traffic.bots_and_backends import programs_report, robots_visit
from tracker.demo.traffic.browsing import VisitStep
from tracker.demo.traffic.people import Shopper, shopper
from tracker.demo.traffic.schedule import Rhythm
from tracker.demo.traffic.visits import visit

#: Of all visits: those of robots, reports of programs, and of the rest those of somebody who was there before.
ROBOTS, PROGRAMS, RETURNS = 0.05, 0.06, 0.45
#: From one end of a day to the other is the longest that a visit may be moved, so that it is over by now.
_MAX_VISIT_MS = 24 * 3_600_000
#: Milliseconds from the browser to us.
_LEAST_WAY_MS, _MAX_WAY_MS = 40, 900


@dataclass(frozen=True, slots=True)
class Made:
    """One event: `params` are those of `event.track` but `ListID`; a browser's has a `user_agent`, and when it was sent.

    Times are in UTC milliseconds.
    """

    at: int
    params: dict[str, Any]
    user_agent: str | None
    is_listless: bool
    sent_at: int | None = None


def traffic(seed: int, count: int, days: int, now: int) -> list[Made]:
    """Yield `count` events of the last `days`, none after `now` (UTC milliseconds)."""
    rhythm = Rhythm(now, days)
    people = _People(seed)
    made: list[Made] = []
    number = 0
    while len(made) < count:
        made += _visit(seed, number, rhythm, people, now)
        number += 1
    return sorted(made[:count], key=lambda event: event.at)


def _visit(seed: int, number: int, rhythm: Rhythm, people: _People, now: int) -> list[Made]:
    random = Random(f"{seed}/visit/{number}")  # noqa: S311  nothing here is a secret
    begins = rhythm.at(random.random())
    steps = _steps(random, number, people)
    longest = max(step.at for step in steps if step.at < _MAX_VISIT_MS)
    begins = min(begins, now - longest - _MAX_WAY_MS)
    return [
        _made(seed, number, place, step, begins + step.at, random)
        for place, step in enumerate(steps)
        if begins + step.at <= now
    ]


def _steps(random: Random, number: int, people: _People) -> list[VisitStep]:
    kind = random.random()
    whose = people.of_visit(random, number)
    if kind < ROBOTS:
        return robots_visit(random)
    if kind < ROBOTS + PROGRAMS:
        return programs_report(random)
    return visit(random, number, whose)


def _made(seed: int, number: int, place: int, step: VisitStep, at: int, random: Random) -> Made:
    params = {**step.params, "Timestamp": at, "EventID": f"demo-{seed}-{number}-{place}"}
    sent_at = None if step.user_agent is None else at + random.randint(_LEAST_WAY_MS, _MAX_WAY_MS)
    return Made(at, params, step.user_agent, step.is_listless, sent_at)


class _People:
    """Choose the person of a visit: a new one, or one who has visited before, the likelier the more often."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._by_visit: list[Shopper] = []

    def of_visit(self, random: Random, number: int) -> Shopper:
        is_return = bool(self._by_visit) and random.random() < RETURNS
        found = random.choice(self._by_visit) if is_return else shopper(self._seed, number)
        self._by_visit.append(found)
        return found
