"""Asked lives: what is asked of a copy after links, unlinks and erasures, against plain Python on the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.analytics.copied_world import Event
from tests.analytics.copying import Copied
from tests.analytics.made_shop import cells_of
from tests.analytics.reference import events_of_truth
from tests.analytics.reference_answers import Reference
from tests.analytics.reference_shop import attribution_of, attribution_people, paths_of
from tests.analytics.test_queries import rounded
from tracker.analytics.queries import run
from tracker.questions import (
    Attribution,
    AttributionCell,
    AttributionPlan,
    Dimension,
    Goal,
    Head,
    Paths,
    PathsCell,
    PathsPlan,
    People,
)

DAY = 86_400_000


def check_answers(copied: Copied) -> None:
    """Are the answers of the followed copy those of the truth, and do their cells open to as many people?"""
    truth = events_of_truth(copied.database, copied.list_id)
    world = Reference([event_of(number, told) for number, told in truth.items()], {}, 0)
    cursor, schema = copied.asked()
    moments = sorted(event["at"] for event in world.events)
    for begins, ends in (
        {(moments[0], moments[0] + DAY), (moments[-1] - DAY, moments[-1] + 1)} if moments else ()
    ):
        for question, wanted in asked(world, Head(copied.list_id, begins, ends)):
            answer = run(cursor, schema, question)
            answer.pop("scope")
            assert answer == rounded(wanted), question
            for cell, people in cells(question, answer):
                opened = run(cursor, schema, People(question.head, limit=1_000, cell=cell))
                assert opened["total"] == people, cell
                if isinstance(cell, AttributionCell):
                    found = {each["actor"] for each in opened["people"]}
                    assert found == attribution_people(world, question.head, cell)
    cursor.close()


def event_of(number: int, told: Any) -> Event:
    return {"id": number, **told._asdict()}


def asked(world: Reference, head: Head) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Questions, and what plain Python answers."""
    paths = PathsPlan(Goal("seen"), Dimension("event"))
    yield Paths(head, paths), paths_of(world, head, paths)
    for model in ("last_non_direct", "even"):
        question = Attribution(head, AttributionPlan("channel", model, 2, Goal("seen")))  # type: ignore[arg-type]
        yield question, attribution_of(world, question)


def cells(question: Any, answer: dict[str, Any]) -> list[tuple[Any, int]]:
    if isinstance(question, Paths):
        return [(PathsCell(question.plan), answer["people"])]
    return cells_of(question.plan, answer["rows"])
