"""Paths answers: the tree of the ways that visits took after an event, or before it."""

from __future__ import annotations

from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.walks import Node, Walks, WalkTree
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Paths


def answer_paths(workspace: Workspace, schema: CopySchema, paths: Paths) -> dict[str, Any]:
    """Return the visits and people around the event, and the nodes of each step.

    The nodes of a step are its most frequent values, then all others as one, then the end (or beginning) of the visit.
    """
    plan = paths.plan
    walks = Walks(workspace, schema, paths.head, plan)
    visits, people = walks.totals()
    tree = WalkTree(workspace, walks, plan.top)
    nodes: list[dict[str, Any]] = []
    lists: dict[int, list[dict[str, Any]]] = {0: nodes}
    for step in range(1, plan.depth + 1):
        found = tree.next_level(step) if lists else []
        parents, lists = lists, {}
        for node in sorted(found, key=lambda each: _order(tree, each)):
            shown = _shown(tree, node, visits)
            parents[node[0] // tree.base].append(shown)
            if not shown["is_end"] and not shown["is_others"]:
                lists[node[0]] = shown["next"]
    return {"visits": visits, "people": people, "nodes": nodes}


def _order(tree: WalkTree, node: Node) -> tuple[bool, bool, int]:
    place = node[0] % tree.base
    return place == tree.end, place == 0, place


def _shown(tree: WalkTree, node: Node, total: int) -> dict[str, Any]:
    number, value, visits, people = node
    place = number % tree.base
    is_end, is_others = place == tree.end, place == 0
    return {
        "value": None if is_end or is_others else value,
        "visits": visits,
        "people": people,
        "share": round(visits / total, 6),
        "is_end": is_end,
        "is_others": is_others,
        "next": [],
    }
