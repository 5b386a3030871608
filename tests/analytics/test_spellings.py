"""Spellings: an answer with spellings equals the one to events that were renamed before they came, whatever the names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.analytics.copied_world import Event, copy_of
from tests.analytics.made_events import COLUMNS, GAPS, questions_about, worlds
from tests.analytics.reference_answers import Reference
from tests.analytics.test_queries import rounded
from tracker.analytics.queries import CopySchema, Workspace, answer_in
from tracker.domain.spellings import PLAIN, NameKind, Spellings, is_reserved
from tracker.questions import BadQuestion, decode, encode


@st.composite
def spellings_of(draw: st.DrawFn, events: list[Event]) -> Spellings:
    """Spellings of names that are there: each group has one that is shown, which may be in no event."""

    def some(names: set[str]) -> dict[str, str]:
        shown = [*sorted(names), "never sent"]
        pairs = (
            draw(st.dictionaries(st.sampled_from(shown[:-1]), st.sampled_from(shown), max_size=3))
            if names
            else {}
        )
        return {name: other for name, other in pairs.items() if other not in pairs}

    names = {event["name"] for event in events}
    properties = {name for event in events for name in event["properties"]}
    return Spellings(
        some({each for each in names if not is_reserved(NameKind.EVENT, each)}),
        some({each for each in properties if not is_reserved(NameKind.PROPERTY, each)}),
    )


def renamed(event: Event, spellings: Spellings) -> Event:
    """The event as if it had come with the names that are shown; of two spellings the shown one has the value."""
    properties: dict[str, Any] = {}
    for shown in {spellings.property(name) for name in event["properties"]}:
        values = [event["properties"].get(name) for name in spellings.of_property(shown)]
        properties[shown] = next((value for value in values if value is not None), None)
    return {**event, "name": spellings.event(event["name"]), "properties": properties}


def respelled(part: Any, spellings: Spellings) -> Any:
    """An encoded question with the names that are shown."""
    if isinstance(part, list | tuple):
        return [respelled(each, spellings) for each in part]
    if isinstance(part, str):
        kind, colon, name = part.partition(":")
        is_of_property = colon and kind in ("sum", "avg", "median")
        return f"{kind}:{spellings.property(name)}" if is_of_property else part
    if not isinstance(part, dict):
        return part
    read = {"event": spellings.event, "property": spellings.property}
    return {
        name: read[name](value) if name in read and value is not None
        else value if name in ("values", "value", "path", "search", "zone") else respelled(value, spellings)
        for name, value in part.items()
    }  # fmt: skip


def with_shown_measures(part: Any, spellings: Spellings) -> Any:
    """An answer whose measures have the names that are shown: it says them as they were asked for."""
    if isinstance(part, list):
        return [with_shown_measures(each, spellings) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: respelled(each, spellings) if name == "measure" else with_shown_measures(each, spellings)
        for name, each in part.items()
    }


@given(st.data())
def test_an_answer_is_that_to_events_renamed_before(data: st.DataObject) -> None:
    middle, events, fields = data.draw(worlds())
    spellings = data.draw(spellings_of(events))
    question = data.draw(questions_about(middle, events))
    gap_ms = data.draw(st.sampled_from((0, *GAPS))) if len(spellings.of_event("page_view")) == 1 else 0
    cursor, schema = copy_of(events, fields, middle, data.draw(st.sampled_from(COLUMNS)), gap_ms)
    try:
        as_shown = decode(respelled(encode(question), spellings))
    except BadQuestion:  # two dimensions are spellings of one
        assume(False)
    with cursor, Workspace(cursor) as workspace:
        spelled = CopySchema(schema.prefix, schema.columns, schema.visit_gap_ms, spellings)
        answer = with_shown_measures(answer_in(workspace, spelled, decode(encode(question))), spellings)
        reference = Reference([renamed(event, spellings) for event in events], fields, middle)
        assert answer == rounded(reference.answer(as_shown))


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_all_spellings_of_a_name_are_found_from_each(name: str) -> None:
    spellings = Spellings({"b": "a", "c": "a"}, {"y": "x"})
    assert spellings.of_event(name) == ("a", "b", "c")
    assert spellings.event(name) == "a"
    assert (spellings.of_property("y"), spellings.of_property("z")) == (("x", "y"), ("z",))
    assert (bool(spellings), bool(PLAIN), PLAIN.of_event(name)) == (True, False, (name,))
    assert Spellings(**spellings.sent()) == spellings
