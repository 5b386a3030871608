"""Is the made-up year the same each time, and do the truth's counters, its catalogue and the copy agree about it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from bench.load import BenchFailed
from bench.made_events import NAMES, MadeEvent, MadeYear, event_ids
from bench.made_pieces import TYPE_OF
from bench.made_truth import make_truth
from bench.reports_served import ServedReports
from tests.analytics.copying import Copied
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.domain.event import IS_BOT, IS_REPEATED_CONVERSION
from tracker.plugins import load_commands
from tracker.services import Services
from tracker.storage.aggregates import catalogue_pages

EVENTS, ENDS = 5_000, 1_795_730_400_000


@pytest.fixture(scope="module")
def made() -> list[MadeEvent]:
    return [event for day in MadeYear(EVENTS, ENDS).days() for event in day]


def test_a_year_is_the_same_each_time_and_as_large_as_asked_for(made: list[MadeEvent]) -> None:
    assert made == [event for day in MadeYear(EVENTS, ENDS).days() for event in day]
    assert abs(len(made) - EVENTS) < EVENTS * 0.05
    assert len({event.name for event in made}) == len(NAMES) == 25


def test_events_come_in_the_order_of_their_ids_and_some_are_late(made: list[MadeEvent]) -> None:
    ids = list(event_ids(made, 0))
    assert ids == sorted(set(ids))
    late = [event for event in made if event.received_at - event.at > 60_000]
    assert 0 < len(late) < len(made) * 0.02
    assert all(event.at <= event.received_at < ENDS for event in made)


def test_some_are_robots_repeats_named_and_of_a_second_person(made: list[MadeEvent]) -> None:
    shares = [
        sum(bool(test(event)) for event in made) / len(made)
        for test in (
            lambda event: event.flags & IS_BOT,
            lambda event: event.person,
            lambda event: event.span,
        )
    ]
    assert all(0 < share < 0.1 for share in shares), shares
    year = MadeYear(2_000_000, ENDS)
    assert not all(event.flags & IS_REPEATED_CONVERSION for event in made)
    assert any(visitor.is_unlinked for visitor in year.visitors())
    assert {visitor.person for visitor in year.visitors()} - {0, *year.persons()}, "some persons are deleted"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, int, Settings]]:
    folder = tmp_path_factory.mktemp("made")
    settings = Settings.from_environ({"TRACKER_DATABASE_URL": f"sqlite:///{folder}/made.db"})
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    user_id = services.stores.users.add("bench@example.com", "bench-password-1")
    list_id = services.stores.lists.add(user_id, "shop")
    assert make_truth(services, list_id, EVENTS, ENDS) > 0
    yield services, list_id, settings
    services.close()


def test_the_catalogue_counts_what_is_stored(
    filled: tuple[Services, int, Settings], made: list[MadeEvent]
) -> None:
    services, list_id, _ = filled
    counted: Counter[tuple[str, int]] = Counter()
    for event in made:
        if not event.flags & IS_BOT:
            counted.update((name, TYPE_OF[type(value)]) for name, value in _properties(event).items())
    wanted = {
        name: (sum(counted[name, kind] for kind in range(3)), counted[name, TYPE_OF[int]])
        for name, _ in counted
    }
    assert services.storage.read(lambda t: catalogue_pages.property_totals(t, list_id)) == wanted


def _properties(event: MadeEvent) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(event.properties[1:])
    return found


def test_a_copy_of_it_is_right_and_has_columns_as_in_life(
    filled: tuple[Services, int, Settings], tmp_path: Path
) -> None:
    services, list_id, _ = filled
    copied = Copied(services.storage, list_id, tmp_path)
    assert copied.compare().differing == 0
    properties = {row[0] for row in copied.engine.execute("SELECT property FROM one.columns").fetchall()}
    copied.close()
    assert {"utm_source", "$pathname", "session", "price", "$channel"} <= properties
    assert 35 <= len(properties) <= 45


def test_a_copy_that_differs_fails_the_run(filled: tuple[Services, int, Settings]) -> None:
    services, list_id, settings = filled
    copied = Copied(services.storage, list_id, settings.reports_folder)
    copied.close()
    sql = "UPDATE event_counts SET events = events + 1"
    served = ServedReports("", "", list_id, EVENTS, ENDS, settings, Path())
    served.check()
    services.storage.write(lambda t: t.execute(sql))
    with pytest.raises(BenchFailed, match="differed"):
        served.check()
    services.analytics.stop_process()
