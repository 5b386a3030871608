"""Shop questions: paths, attribution and products equal those of plain Python, and every number opens to its people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.copied_world import Event, copy_of
from tests.analytics.made_shop import COLUMNS, MIDDLE, cells_of, questions, shops
from tests.analytics.reference_answers import Reference
from tests.analytics.reference_products import product_people, products_of
from tests.analytics.reference_shop import (
    attribution_of,
    attribution_people,
    path_people,
    paths_of,
)
from tests.analytics.test_queries import rounded
from tests.examples import examples
from tracker.analytics.queries import run
from tracker.questions import (
    Attribution,
    AttributionCell,
    Paths,
    PathsCell,
    PathsPlan,
    People,
    ProductCell,
    Products,
    decode,
    encode,
)

PEOPLE: dict[type[Any], Any] = {
    PathsCell: path_people,
    AttributionCell: attribution_people,
    ProductCell: product_people,
}


def answer_of(world: Reference, question: Any) -> dict[str, Any]:
    if isinstance(question, Paths):
        return paths_of(world, question.head, question.plan)
    return (
        attribution_of(world, question) if isinstance(question, Attribution) else products_of(world, question)
    )


def path_cells(
    plan: PathsPlan, nodes: list[dict[str, Any]], path: tuple[str, ...] = ()
) -> Iterator[tuple[PathsCell, int]]:
    for node in nodes:
        if node["is_others"]:
            yield PathsCell(plan, path, is_others=True), node["people"]
        else:
            yield PathsCell(plan, (*path, node["value"])), node["people"]
            yield from path_cells(plan, node["next"], (*path, node["value"]))


def cells(question: Any, answer: dict[str, Any]) -> list[tuple[Any, int]]:
    """Every cell that the answer shows, and its number."""
    if isinstance(question, Paths):
        return [
            (PathsCell(question.plan), answer["people"]),
            *path_cells(question.plan, answer["nodes"]),
        ]
    of_total: list[tuple[Any, int]] = (
        [(ProductCell(question.plan, deed), answer["total"][deed]) for deed in ("seen", "in_cart", "bought")]
        if isinstance(question, Products)
        else [
            (AttributionCell(question.plan), answer["total"]["people"]),
            (AttributionCell(question.plan, is_buyer=True), answer["total"]["buyers"]),
        ]
    )
    return of_total + cells_of(question.plan, answer["rows"])


@settings(max_examples=examples(40))
@given(shops(), questions(), st.sampled_from(COLUMNS), st.data())
def test_answers_and_cells_equal_the_reference(
    events: list[Event], question: Any, columns: Any, data: st.DataObject
) -> None:
    world = Reference(events, {}, MIDDLE)
    cursor, schema = copy_of(events, {}, MIDDLE, columns)
    with cursor:
        answer = run(cursor, schema, decode(encode(question)))
        scope = answer.pop("scope")
        assert scope["as_of"] == MIDDLE
        assert answer == rounded(answer_of(world, question))
        cell, number = data.draw(st.sampled_from(cells(question, answer)))
        people = run(cursor, schema, decode(encode(People(question.head, limit=100, cell=cell))))
    assert people["total"] == number
    assert {each["actor"] for each in people["people"]} == PEOPLE[type(cell)](world, question.head, cell)
