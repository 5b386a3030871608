"""Is the document valid, complete and stable? It is what programs are generated from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from marshmallow import Schema, fields
from openapi_spec_validator import validate

from tests.reply_schemas import document, faults, limits_of, whole_document
from tracker.errors import COMMON, Error, invalid, missing
from tracker.openapi import describe
from tracker.plugins import load_adapters, load_commands
from tracker.registry import Command, EventStream, PluginError, Registry, administrator, anyone

BUILT_IN = load_commands()
COUNTED = {"X-RateLimit-Limit": "9", "X-RateLimit-Remaining": "8", "X-RateLimit-Reset": "1800000000"}


class NoteAdd(Command):
    """Add a note to a list. The text is kept as it is.

    A second paragraph.
    """

    name = "note.add"
    path = "note"
    permission = "Note.Add"
    rate_limit = "7 per 10 seconds"
    errors = (
        missing("Text", 1),
        invalid("Tags", 2),
        invalid("Where", 3),
        Error(4, "Taken | gone", 409),
        Error(5, "No note", 404),
    )
    example = ({"Text": "hi"}, {"NoteID": 3, "Tags": ["a"], "Nothing": None})

    class Params(Schema):
        class Place(Schema):
            City = fields.String(required=True)

        Text = fields.String(required=True, metadata={"description": "What it says"})
        Tags = fields.List(fields.String())
        Where = fields.Nested(Place)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"NoteID": 3, "Tags": params.get("Tags", []), "Nothing": None}


class NotesCount(Command):
    """Count"""

    name = "notes.count"
    permission = anyone
    method = "GET"
    errors = (invalid("Tags", 1), invalid("Where", 2))
    example = ({}, {"Count": 3})

    class Params(Schema):
        Tags = fields.List(fields.String())
        Where = fields.Dict(fields.String(), fields.String())

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"Count": len(params)}


def described(*commands: type[Command]) -> dict[str, Any]:
    registry = Registry()
    for command in commands:
        registry.add(command, "a test")
    return describe(registry, {command.name: command.rate_limit for command in commands})


def operations(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in found["paths"].items()
        for method, operation in item.items()
    }


def test_it_is_valid() -> None:
    """The whole one has all that the commands' own has, and is looked at in its place."""
    validate(whole_document())
    for part in ("paths", "components"):
        assert _within(document()[part], whole_document()[part])
    validate(described(NoteAdd, NotesCount))
    assert document()["openapi"] == "3.1.0"


def _within(part: Any, whole: Any) -> bool:
    """Whether an object has all members of another, deep down."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and _within(value, whole[name]) for name, value in part.items())
    return bool(part == whole)


def test_the_routes_of_sdks_are_in_it() -> None:
    for listed in load_adapters():
        for route in listed.routes:
            found = whole_document()["paths"][f"/sdk/{listed.adapter.family}{route.path}"][
                route.method.lower()
            ]
            assert found["tags"] == ["SDKs"]
    renamed = describe(BUILT_IN, limits_of(BUILT_IN), load_adapters(), "/lib")
    assert "/lib/segment/v1/batch" in renamed["paths"]
    assert not any(path.startswith("/sdk") for path in renamed["paths"])


def test_paths_and_operations_keep_their_names() -> None:
    """Clients are generated from these names: more may come, none may change."""
    assert {where: found["operationId"] for where, found in operations(document()).items()} == {
        "POST /api.php": "call",
        "POST /api/v1/customfield.create": "customfield.create",
        "POST /api/v1/customfield.delete": "customfield.delete",
        "GET /api/v1/customfields.get": "customfields.get",
        "POST /api/v1/customfields.get": "customfields.get.post",
        "POST /api/v1/subscriber.create": "subscriber.create",
        "POST /api/v1/subscriber.delete": "subscriber.delete",
        "GET /api/v1/subscriber.events": "subscriber.events",
        "POST /api/v1/subscriber.events": "subscriber.events.post",
        "GET /api/v1/subscriber.explain": "subscriber.explain",
        "POST /api/v1/subscriber.explain": "subscriber.explain.post",
        "POST /api/v1/subscriber.unmerge": "subscriber.unmerge",
        "POST /api/v1/subscriber.export": "subscriber.export",
        "POST /api/v1/subscriber.forget": "subscriber.forget",
        "POST /api/v1/list.update": "list.update",
        "GET /api/v1/subscriber.get": "subscriber.get",
        "POST /api/v1/subscriber.get": "subscriber.get.post",
        "POST /api/v1/subscriber.update": "subscriber.update",
        "GET /api/v1/subscribers.get": "subscribers.get",
        "POST /api/v1/subscribers.get": "subscribers.get.post",
        "GET /api.php": "call.get",
        "POST /api/v1/apikey.create": "apikey.create",
        "POST /api/v1/apikey.revoke": "apikey.revoke",
        "GET /api/v1/apikeys.get": "apikeys.get",
        "POST /api/v1/apikeys.get": "apikeys.get.post",
        "GET /api/v1/audit.get": "audit.get",
        "POST /api/v1/audit.get": "audit.get.post",
        "POST /api/v1/event": "event.track",
        "POST /api/v1/events": "event.batch",
        "POST /api/v1/event.batch": "event.batch.by_name",
        "GET /api/v1/event.get": "event.get",
        "POST /api/v1/event.get": "event.get.post",
        "POST /api/v1/event.collect": "event.collect",
        "POST /api/v1/event.track": "event.track.by_name",
        "POST /api/v1/list.create": "list.create",
        "GET /api/v1/list.get": "list.get",
        "POST /api/v1/list.get": "list.get.post",
        "POST /api/v1/alert.create": "alert.create",
        "POST /api/v1/alert.update": "alert.update",
        "POST /api/v1/alert.delete": "alert.delete",
        "POST /api/v1/alert.test": "alert.test",
        "GET /api/v1/alerts.get": "alerts.get",
        "POST /api/v1/alerts.get": "alerts.get.post",
        "POST /api/v1/annotation.create": "annotation.create",
        "POST /api/v1/annotation.delete": "annotation.delete",
        "POST /api/v1/annotation.update": "annotation.update",
        "GET /api/v1/annotations.get": "annotations.get",
        "POST /api/v1/annotations.get": "annotations.get.post",
        "POST /api/v1/savedreport.create": "savedreport.create",
        "POST /api/v1/savedreport.delete": "savedreport.delete",
        "POST /api/v1/savedreport.update": "savedreport.update",
        "GET /api/v1/savedreports.get": "savedreports.get",
        "POST /api/v1/savedreports.get": "savedreports.get.post",
        "POST /api/v1/share.create": "share.create",
        "POST /api/v1/share.revoke": "share.revoke",
        "POST /api/v1/schedule.create": "schedule.create",
        "POST /api/v1/schedule.delete": "schedule.delete",
        "POST /api/v1/schedule.update": "schedule.update",
        "GET /api/v1/schedules.get": "schedules.get",
        "POST /api/v1/schedules.get": "schedules.get.post",
        "POST /api/v1/mail.test": "mail.test",
        "GET /api/v1/health.get": "health.get",
        "POST /api/v1/health.get": "health.get.post",
        "GET /api/v1/shares.get": "shares.get",
        "POST /api/v1/shares.get": "shares.get.post",
        "POST /api/v1/goal.create": "goal.create",
        "POST /api/v1/goal.delete": "goal.delete",
        "POST /api/v1/goal.update": "goal.update",
        "GET /api/v1/goals.get": "goals.get",
        "POST /api/v1/goals.get": "goals.get.post",
        "GET /api/v1/segment.count": "segment.count",
        "POST /api/v1/segment.count": "segment.count.post",
        "POST /api/v1/segment.create": "segment.create",
        "POST /api/v1/segment.delete": "segment.delete",
        "GET /api/v1/segment.people": "segment.people",
        "POST /api/v1/segment.people": "segment.people.post",
        "POST /api/v1/segment.update": "segment.update",
        "GET /api/v1/segments.get": "segments.get",
        "POST /api/v1/segments.get": "segments.get.post",
        "POST /api/v1/trigger.create": "trigger.create",
        "POST /api/v1/trigger.delete": "trigger.delete",
        "POST /api/v1/trigger.update": "trigger.update",
        "POST /api/v1/trigger.test": "trigger.test",
        "GET /api/v1/triggers.get": "triggers.get",
        "POST /api/v1/triggers.get": "triggers.get.post",
        "GET /api/v1/deliveries.get": "deliveries.get",
        "POST /api/v1/deliveries.get": "deliveries.get.post",
        "POST /api/v1/delivery.retry": "delivery.retry",
        "POST /api/v1/rejection.dismiss": "rejection.dismiss",
        "GET /api/v1/rejection.get": "rejection.get",
        "POST /api/v1/rejection.get": "rejection.get.post",
        "POST /api/v1/rejection.replay": "rejection.replay",
        "GET /api/v1/rejections.get": "rejections.get",
        "POST /api/v1/rejections.get": "rejections.get.post",
        "GET /api/v1/reports.breakdown": "reports.breakdown",
        "POST /api/v1/reports.breakdown": "reports.breakdown.post",
        "GET /api/v1/reports.people": "reports.people",
        "POST /api/v1/reports.people": "reports.people.post",
        "GET /api/v1/reports.trend": "reports.trend",
        "POST /api/v1/reports.trend": "reports.trend.post",
        "GET /api/v1/reports.values": "reports.values",
        "POST /api/v1/reports.values": "reports.values.post",
        "GET /api/v1/reports.funnel": "reports.funnel",
        "POST /api/v1/reports.funnel": "reports.funnel.post",
        "GET /api/v1/reports.attribution": "reports.attribution",
        "POST /api/v1/reports.attribution": "reports.attribution.post",
        "GET /api/v1/reports.paths": "reports.paths",
        "POST /api/v1/reports.paths": "reports.paths.post",
        "GET /api/v1/reports.products": "reports.products",
        "POST /api/v1/reports.products": "reports.products.post",
        "GET /api/v1/reports.retention": "reports.retention",
        "POST /api/v1/reports.retention": "reports.retention.post",
        "GET /api/v1/visits.get": "visits.get",
        "POST /api/v1/visits.get": "visits.get.post",
        "GET /api/v1/visit.get": "visit.get",
        "POST /api/v1/visit.get": "visit.get.post",
        "POST /api/v1/events.export": "events.export",
        "GET /api/v1/setup.check": "setup.check",
        "POST /api/v1/setup.check": "setup.check.post",
        "GET /api/v1/lists.get": "lists.get",
        "POST /api/v1/lists.get": "lists.get.post",
        "POST /api/v1/user.create": "user.create",
        "POST /api/v1/user.login": "user.login",
        "POST /api/v1/user.logout": "user.logout",
        "GET /api/v1/events.follow": "events.follow",
        "POST /api/v1/events.follow": "events.follow.post",
        "GET /api/v1/events.recent": "events.recent",
        "POST /api/v1/events.recent": "events.recent.post",
        "GET /api/v1/website_events.catalogue": "website_events.catalogue",
        "POST /api/v1/website_events.catalogue": "website_events.catalogue.post",
        "GET /api/v1/website_events.values": "website_events.values",
        "POST /api/v1/website_events.values": "website_events.values.post",
        "POST /api/v1/website_events.remove": "website_events.remove",
        "GET /api/v1/website_events.properties": "website_events.properties",
        "POST /api/v1/website_events.properties": "website_events.properties.post",
        "GET /api/v1/event.uses": "event.uses",
        "GET /api/v1/eventnames.get": "eventnames.get",
        "GET /api/v1/tile.get": "tile.get",
        "GET /api/v1/tiles.get": "tiles.get",
        "POST /api/v1/event.alias": "event.alias",
        "POST /api/v1/event.describe": "event.describe",
        "POST /api/v1/event.hide": "event.hide",
        "POST /api/v1/event.unalias": "event.unalias",
        "POST /api/v1/event.uses": "event.uses.post",
        "POST /api/v1/eventnames.get": "eventnames.get.post",
        "POST /api/v1/events.delete": "events.delete",
        "POST /api/v1/list.delete": "list.delete",
        "POST /api/v1/tile.get": "tile.get.post",
        "POST /api/v1/tiles.get": "tiles.get.post",
    }


def test_it_is_the_same_whenever_it_is_made() -> None:
    again = describe(load_commands(), limits_of(BUILT_IN))
    assert json.dumps(again) == json.dumps(document())


@pytest.mark.parametrize("entry", list(BUILT_IN), ids=lambda entry: entry.command.name)
def test_a_built_in_command_says_what_it_answers(entry: Any) -> None:
    """An example cannot say what may be null or absent; the schema can, and the example fits it."""
    assert entry.command.Answer is not None
    request, answer = entry.command.example
    schemas = document()["components"]
    validator = Draft202012Validator(
        {"$ref": f"#/components/schemas/{entry.command.name}.Request", "components": schemas},
        format_checker=FormatChecker(),
    )
    assert list(validator.iter_errors(request)) == []
    body = json.dumps(answer).encode()
    if entry.command.media_type == EventStream.media_type:
        body = b"event: tracked\ndata: %s\n\n" % body
    headers = {"Content-Type": entry.command.media_type, **COUNTED}
    assert faults("POST", f"/api/v1/{entry.command.name}", 200, headers, body) == []


@pytest.mark.parametrize("entry", list(BUILT_IN), ids=lambda entry: entry.command.name)
def test_every_error_of_a_command_is_an_example_at_its_status(entry: Any) -> None:
    responses = document()["paths"][f"/api/v1/{entry.command.path or entry.command.name}"]["post"][
        "responses"
    ]
    for row in entry.command.errors:
        example = responses[str(row.status)]["content"]["application/json"]["examples"][str(row.code)]
        [shown] = example["value"]["Errors"]
        assert (shown["Code"], shown["Message"], shown.get("Hint")) == (row.code, row.message, row.hint)


def test_every_common_error_is_told_with_its_status() -> None:
    text = document()["info"]["description"]
    for row in COMMON.values():
        assert f"| {row.code} | {row.status} | {row.message} |" in text
        shared = document()["components"]["responses"][str(row.status)]
        assert str(row.code) in shared["content"]["application/json"]["examples"]


def test_a_plugin_appears_by_itself() -> None:
    found = operations(described(NoteAdd, NotesCount))
    assert set(found) == {
        "POST /api.php", "GET /api.php", "POST /api/v1/note", "POST /api/v1/note.add",
        "GET /api/v1/notes.count", "POST /api/v1/notes.count",
    }  # fmt: skip
    note = found["POST /api/v1/note"]
    assert note["summary"] == "Add a note to a list"
    assert "The text is kept as it is.\n\nA second paragraph." in note["description"]
    assert "| Text | string | Yes | What it says |" in note["description"]
    assert (note["x-permission"], note["x-rate-limit"]) == ("Note.Add", "7 per 10 seconds")
    assert "`Note.Add`" in note["description"]
    assert "7 per 10 seconds" in note["description"]
    assert note["security"] == [{"bearer": []}, {"APIKey": []}, {"SessionID": []}]
    assert found["POST /api/v1/notes.count"]["security"] == []


def test_statuses_are_those_a_command_can_answer_with() -> None:
    found = operations(described(NoteAdd, NotesCount))
    everywhere = {"200", "400", "404", "413", "415", "422", "429", "500", "503"}
    assert set(found["POST /api/v1/note"]["responses"]) == everywhere | {"401", "403", "409"}
    assert set(found["GET /api/v1/notes.count"]["responses"]) == everywhere
    rows = found["POST /api/v1/note"]["responses"]["404"]["content"]["application/json"]["examples"]
    assert set(rows) == {"5", "100003"}, "a command's own row stands beside the common one of its status"


def test_a_get_takes_its_parameters_as_the_query_reader_reads_them() -> None:
    parameters = {
        p["name"]: p for p in operations(described(NotesCount))["GET /api/v1/notes.count"]["parameters"]
    }
    assert parameters["Tags[]"]["schema"]["type"] == "array"
    assert parameters["Where"]["style"] == "deepObject"


def test_the_legacy_door_names_every_command() -> None:
    found = operations(described(NoteAdd, NotesCount))
    content = found["POST /api.php"]["requestBody"]["content"]["application/json"]
    assert set(content["schema"]["discriminator"]["mapping"]) == {"note.add", "notes.count"}
    assert content["examples"]["note.add"]["value"] == {"Command": "note.add", "Text": "hi"}
    named = found["GET /api.php"]["parameters"][0]
    assert (named["name"], named["schema"]["enum"]) == ("Command", ["notes.count"])


def test_an_answer_without_a_schema_is_described_by_its_example() -> None:
    answer = described(NoteAdd)["components"]["schemas"]["note.add.Answer"]
    assert answer["required"] == ["NoteID", "Tags", "Nothing"]
    assert answer["properties"] == {
        "NoteID": {"type": "integer"},
        "Tags": {"type": "array", "items": {"type": "string"}},
        "Nothing": {},
    }


def test_the_limits_of_the_instance_are_told() -> None:
    registry = Registry()
    registry.add(NoteAdd, "a test")
    found = operations(describe(registry, {"note.add": "70 per 1 seconds"}))
    assert found["POST /api/v1/note"]["x-rate-limit"] == "70 per 1 seconds"


def test_a_command_that_cannot_be_described_is_named() -> None:
    class Odd(NoteAdd):
        """Odd"""

        name = "note.odd"
        path = None

        class Answer(Schema):
            Where = fields.Nested("NoSuchSchema")

    with pytest.raises(PluginError, match=r"^a test: note\.odd: it cannot be described: .*NoSuchSchema"):
        described(Odd)


def test_an_answer_must_be_a_schema() -> None:
    class Odd(NoteAdd):
        """Odd"""

        name = "note.odd"
        path = None
        Answer = dict  # type: ignore[assignment]

    with pytest.raises(PluginError, match="Answer must be a marshmallow Schema"):
        described(Odd)


def test_an_administrators_command_says_so() -> None:
    class Purge(NoteAdd):
        """Remove all notes"""

        name = "notes.purge"
        path = None
        permission = administrator

    purge = operations(described(Purge))["POST /api/v1/notes.purge"]
    assert purge["x-permission"] == "administrator"
    assert "For administrators: " in purge["description"]
    assert "`Administrator`" in purge["description"]
    assert "Required permission" not in purge["description"]
    assert purge["security"] == [{"bearer": []}, {"APIKey": []}, {"SessionID": []}]
    assert {"401", "403"} <= set(purge["responses"])
