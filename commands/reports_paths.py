"""The ways that visits take: the command `reports.paths`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CsvStream, Stream
from tracker.api.csv_rows import csv_lines
from tracker.api.paths_params import INVALID_AROUND, PATHS_ERRORS, PathsParams, read_paths
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_params import HEAD_ERRORS, HeadParams, head_of
from tracker.api.report_tables import path_rows
from tracker.questions import Paths


class ReportsPaths(Command):
    """Show where visits go after an event, or where they came from before it, step by step.

    A visit counts once, from its first event that is like `Around`, matches `Where` and is in the range. Its way is made of the values
    of `By` that its events have after that one (or before it, back to the beginning); a value that repeats the one before it is no
    step of its own, and `identify` is none. `Around` is an event's name, a step with conditions, a goal, or any event with a value:
    `{"Property": "$pathname", "Value": "/cart"}`.

    `Nodes` are the first steps, `Next` the ones that follow each. Of each step the `Top` values with most visits are told apart; all
    others are one node (`IsOthers`), and so are the visits that ended there (`IsEnd`). The visits of the nodes of a step add up to
    those of the step before. `Share` is of all visits. `Top` values to the power of `Depth` may be 10,000 at most.

    Nothing is compared with a range before. A node opens to its people by the `Cell` of `reports.people`.
    """

    name = "reports.paths"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, *PATHS_ERRORS)
    example = (
        {"ListID": 123, "Around": "view_product", "Depth": 1},
        {
            **READY,
            "Visits": 105,
            "People": 96,
            "Nodes": [
                {
                    "Value": "/cart", "Visits": 59, "People": 57, "Share": 0.561905, "IsEnd": False, "IsOthers": False,
                    "Next": [],
                },
                {"Value": None, "Visits": 46, "People": 44, "Share": 0.438095, "IsEnd": True, "IsOthers": False, "Next": []},
            ],
            "Scope": SCOPE_EXAMPLE | {"Compare": None},
        },
    )  # fmt: skip

    class Params(HeadParams, PathsParams):
        pass

    class Answer(ReportAnswer):
        class Node(Schema):
            Value = fields.String(
                required=True,
                allow_none=True,
                metadata={"description": "Null: the end of the visit, or others"},
            )
            Visits = fields.Integer(required=True)
            People = fields.Integer(required=True)
            Share = fields.Float(
                required=True, metadata={"description": "Of all visits around the event, 0 to 1"}
            )
            IsEnd = fields.Boolean(
                required=True, metadata={"description": "These visits ended (or began) here"}
            )
            IsOthers = fields.Boolean(required=True, metadata={"description": "All other values together"})
            Next = fields.List(fields.Nested(lambda: ReportsPaths.Answer.Node()), required=True)

        Visits = fields.Integer(required=True, metadata={"description": "Visits with such an event"})
        People = fields.Integer(required=True, metadata={"description": "People whose visits these are"})
        Nodes = fields.List(fields.Nested(Node), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        head = replace(head_of(self, params, self.now), before=None)
        plan = read_paths(self, head.list_id, params)
        is_csv = params["Format"] == "csv"
        found = asked(self, Paths(head, plan), is_whole=is_csv, bad_step=INVALID_AROUND)
        told = found.answer or {"visits": 0, "people": 0, "nodes": []}
        nodes = [_node(each) for each in told["nodes"]]
        if is_csv:
            return CsvStream(csv_lines(path_rows(nodes, plan.depth)))
        return {
            **found.status,
            "Visits": told["visits"],
            "People": told["people"],
            "Nodes": nodes,
            "Scope": scope_of(head, found.answer),
        }


def _node(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "Value": found["value"],
        "Visits": found["visits"],
        "People": found["people"],
        "Share": found["share"],
        "IsEnd": found["is_end"],
        "IsOthers": found["is_others"],
        "Next": [_node(each) for each in found["next"]],
    }
