"""Questions as JSON objects, as they go over the socket to the reports process and back into checked dataclasses."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tracker.questions.attribution_plan import AttributionPlan
from tracker.questions.cells import AttributionCell, Cell, FunnelCell, PathsCell, ProductCell, RetentionCell
from tracker.questions.conditions import BadQuestion, Condition, Operator, Where
from tracker.questions.funnel_plan import FunnelPlan
from tracker.questions.measures import measure_of
from tracker.questions.paths_plan import PathsPlan
from tracker.questions.product_plan import ProductPlan
from tracker.questions.question import (
    Attribution,
    Breakdown,
    EventIds,
    EventMatch,
    Funnel,
    Head,
    Paths,
    People,
    Products,
    Question,
    Retention,
    SegmentMoves,
    SegmentSizes,
    Trend,
    Values,
    Visit,
    Visits,
)
from tracker.questions.retention_plan import RetentionPlan
from tracker.questions.subjects import Dimension, Goal

_KINDS: dict[str, type[Any]] = {
    "trend": Trend,
    "breakdown": Breakdown,
    "people": People,
    "values": Values,
    "visits": Visits,
    "visit": Visit,
    "event_ids": EventIds,
    "funnel": Funnel,
    "retention": Retention,
    "event_match": EventMatch,
    "paths": Paths,
    "attribution": Attribution,
    "products": Products,
    "segment_sizes": SegmentSizes,
    "segment_moves": SegmentMoves,
}
_CELLS: dict[str, type[Any]] = {
    "funnel": FunnelCell,
    "retention": RetentionCell,
    "paths": PathsCell,
    "attribution": AttributionCell,
    "products": ProductCell,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def encode(question: Question | EventMatch) -> dict[str, Any]:
    """Return the question as a JSON object: its kind beside its parts."""
    parts = asdict(question)
    for name in ("measures", "sort"):
        if name in parts and parts[name] is not None and not isinstance(parts[name], str):
            given = getattr(question, name)
            parts[name] = [each.word for each in given] if isinstance(given, tuple) else given.word
    return {"kind": _NAMES[type(question)], **parts}


def decode(sent: Any) -> Any:
    """Return the question that `encode` made into this object. Raises BadQuestion for anything else."""
    try:
        parts = dict(sent)
        kind = _KINDS[parts.pop("kind")]
        read = {name: _READERS[name](value) if name in _READERS else value for name, value in parts.items()}
        if kind is Breakdown and read.get("sort") is not None:
            read["sort"] = measure_of(read["sort"])
        question: Question | EventMatch = kind(**read)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise BadQuestion("question", f"it cannot be read: {error!r}") from error
    return question


def _condition(sent: dict[str, Any]) -> Condition:
    rule = None if sent["rule"] is None else _where(sent["rule"])
    operator, values = Operator(sent["operator"]), tuple(sent["values"])
    return Condition(**{**sent, "operator": operator, "values": values, "rule": rule})


def _where(sent: list[list[dict[str, Any]]]) -> Where:
    return tuple(tuple(_condition(each) for each in group) for group in sent)


def _goal(sent: dict[str, Any] | None) -> Goal | None:
    return None if sent is None else Goal(**{**sent, "where": _where(sent["where"])})


def _funnel_plan(sent: dict[str, Any]) -> FunnelPlan:
    return FunnelPlan(**{**sent, "steps": tuple(map(_goal, sent["steps"])), "by": _by(sent["by"])})


def _retention_plan(sent: dict[str, Any]) -> RetentionPlan:
    return RetentionPlan(**{**sent, "first": _goal(sent["first"]), "again": _goal(sent["again"])})


def _paths_plan(sent: dict[str, Any]) -> PathsPlan:
    return PathsPlan(**{**sent, "around": _goal(sent["around"]), "by": _by(sent["by"])})


def _attribution_plan(sent: dict[str, Any]) -> AttributionPlan:
    return AttributionPlan(**{**sent, "conversion": _goal(sent["conversion"])})


#: The part that only one kind of plan has -> what reads such a plan.
_PLANS: dict[str, Any] = {
    "steps": _funnel_plan,
    "again": _retention_plan,
    "around": _paths_plan,
    "model": _attribution_plan,
    "items": lambda sent: ProductPlan(**sent),
}


def _plan(sent: dict[str, Any]) -> Any:
    [reader] = [reader for part, reader in _PLANS.items() if part in sent]
    return reader(sent)


def _cell(sent: dict[str, Any] | None) -> Cell | None:
    if sent is None:
        return None
    parts = {**sent, "plan": _plan(sent["plan"])}
    if "path" in parts:
        parts["path"] = tuple(parts["path"])
    made: Cell = _CELLS[sent["kind"]](**parts)
    return made


def _pair(sent: list[int] | None) -> tuple[int, int] | None:
    if sent is None:
        return None
    first, second = sent
    return int(first), int(second)


def _head(sent: dict[str, Any]) -> Head:
    return Head(
        **{
            **sent,
            "before": _pair(sent["before"]),
            "where": _where(sent["where"]),
            "goal": _goal(sent["goal"]),
        }
    )


def _dimension(sent: dict[str, Any]) -> Dimension:
    return Dimension(**sent)


def _by(sent: Any) -> Any:
    if sent is None or isinstance(sent, dict):
        return None if sent is None else _dimension(sent)
    return tuple(_dimension(each) for each in sent)


_READERS: dict[str, Any] = {
    "head": _head,
    "plan": _plan,
    "cell": _cell,
    "measures": lambda sent: tuple(measure_of(each) for each in sent),
    "by": _by,
    "dimension": _dimension,
    "after": _pair,
    "segments": lambda sent: tuple(map(_condition, sent)),
    "event_numbers": tuple,
    "kept": tuple,
    "left_out": tuple,
    "goals": lambda sent: tuple(_goal(each) for each in sent),
    "subscribers": lambda sent: None if sent is None else tuple(sent),
}
