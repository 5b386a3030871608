"""Cells on the wire: a number of a report on people, named by that report's own parameters and its place there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError, fields

from tracker import Command
from tracker.api.attribution_params import ATTRIBUTION_ERRORS, AttributionParams, read_attribution
from tracker.api.funnel_params import FUNNEL_ERRORS, FunnelParams, read_funnel
from tracker.api.paths_params import PATHS_ERRORS, PathsParams, read_paths
from tracker.api.product_params import product_names_of, product_plan
from tracker.api.report_answers import local_iso
from tracker.api.retention_params import RETENTION_ERRORS, RetentionParams, read_retention
from tracker.errors import CommandError, Error, because, hinted, invalid
from tracker.fields import Choice, JsonObject, Text, WholeNumber, YesOrNo
from tracker.questions import (
    AttributionCell,
    BadQuestion,
    Cell,
    FunnelCell,
    Head,
    PathsCell,
    ProductCell,
    RetentionCell,
    canonical_text,
)
from tracker.questions.funnel_plan import MAX_STEPS
from tracker.questions.product_plan import Deed
from tracker.questions.retention_plan import MAX_PERIODS
from tracker.registry.params import ParamReader

INVALID_CELL = invalid("Cell", 47)
#: What people did with a product, in words and as the question calls it.
DEEDS_IN_WORDS: dict[str, Deed] = {"seen": "seen", "in cart": "in_cart", "bought": "bought"}
EXAMPLE = '{"Report": "reports.funnel", "Steps": ["page_view", "conversion"], "Step": 1, "Is": "left"}'


class FunnelCellParams(FunnelParams):
    Step = WholeNumber(1, MAX_STEPS, required=True)
    Is = Choice("reached", "left", load_default="reached")
    Value = fields.Raw(allow_none=True)


class RetentionCellParams(RetentionParams):
    Cohort = Text(10, 40, required=True)
    Period = WholeNumber(0, MAX_PERIODS, load_default=0)


class PathsCellParams(PathsParams):
    Path = fields.List(fields.Raw(allow_none=True), load_default=[])
    Others = YesOrNo(load_default=False)


class AttributionCellParams(AttributionParams):
    Is = Choice("came", "bought", load_default="came")
    Value = fields.Raw(allow_none=True)


class ProductCellParams(Schema):
    Is = Choice(*DEEDS_IN_WORDS, load_default="bought")
    Product = fields.Raw()


class _Kind(NamedTuple):
    """A report whose cells open: what reads their parameters, and what makes the cell of them."""

    reader: ParamReader
    make: Callable[[Command, Head, dict[str, Any]], Cell]


class CellParam(JsonObject):
    """A cell, kept as it was sent: what its parameters mean is known to the call alone."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        sent = super()._deserialize(value, *args, **kwargs)
        if _report_of(sent) not in _KINDS:
            row = because(INVALID_CELL, f"Report is none of {', '.join(_KINDS)}")
            raise ValidationError([hinted(row, f"Send a cell such as {EXAMPLE}")])
        return sent


def cell_param() -> CellParam:
    about = (
        "Only people in this number of another report: its name as `Report`, its own parameters, and the place. Of a funnel that is "
        "`Step`, `Is` (`reached` or `left`) and perhaps the `Value` of a group; of retention `Cohort`, a day, and `Period`; of paths "
        "`Path`, the values of the steps (null: the end), and `Others`, for all other values after these; of attribution `Value` (without it "
        "all) and `Is` (`came` or `bought`); of products `Product` (without it all) and `Is` (`seen`, `in cart` or `bought`). "
        f"An object or its JSON text, such as `{EXAMPLE}`"
    )
    return CellParam(metadata={"type": ["object", "string"], "description": about})


def read_cell(command: Command, head: Head, sent: dict[str, Any]) -> Cell:
    """Return the cell of a `CellParam`. Raises CommandError (10, 47, 403)."""
    parts = {key: value for key, value in sent.items() if key.lower() != "report"}
    report = _report_of(sent)
    kind = _KINDS[report]
    if unknown := next(kind.reader.unknown(parts), None):
        raise CommandError(because(INVALID_CELL, f"{report} has no parameter {unknown[:80]}"))
    try:
        return kind.make(command, head, kind.reader.read(kind.reader.spelled(parts)))
    except BadQuestion as fault:
        raise CommandError(because(INVALID_CELL, fault.reason)) from None
    except CommandError as refused:
        raise CommandError(*map(_of_cell, refused.errors)) from None


def _report_of(sent: dict[str, Any]) -> str:
    """Return the name of the cell's report; "" if there is none."""
    named = next((value for key, value in sent.items() if key.lower() == "report"), None)
    return named if isinstance(named, str) else ""


def _of_cell(error: Error) -> Error:
    """Return the row for a fault of a parameter in the cell; other errors are those of the call."""
    if error.param in (None, INVALID_CELL.param):
        return error
    return hinted(because(INVALID_CELL, error.message), error.hint)


def _funnel_cell(command: Command, head: Head, params: dict[str, Any]) -> Cell:
    _, plan = read_funnel(command, head.list_id, params)
    value = canonical_text(params.get("Value"))
    return FunnelCell(plan, params["Step"], params["Is"] == "left", "Value" in params, value)


def _retention_cell(command: Command, head: Head, params: dict[str, Any]) -> Cell:
    plan = read_retention(command, head.list_id, params)
    for begins in plan.cohorts(head.begins, head.ends, head.zone):
        if local_iso(begins, head.zone)[:10] == params["Cohort"][:10]:
            return RetentionCell(plan, begins, params["Period"])
    raise BadQuestion("cell", "no cohort of the range begins at the day that Cohort says")


def _reader(schema: type[Schema], errors: tuple[Error, ...], *places: str) -> ParamReader:
    return ParamReader(schema, (*errors, *(invalid(place, INVALID_CELL.code) for place in places)))


def _paths_cell(command: Command, head: Head, params: dict[str, Any]) -> Cell:
    plan = read_paths(command, head.list_id, params)
    return PathsCell(plan, tuple(map(canonical_text, params["Path"])), params["Others"])


def _attribution_cell(command: Command, head: Head, params: dict[str, Any]) -> Cell:
    plan = read_attribution(command, head.list_id, params)
    value = canonical_text(params.get("Value"))
    return AttributionCell(plan, params["Is"] == "bought", "Value" in params, value)


def _product_cell(command: Command, head: Head, params: dict[str, Any]) -> Cell:
    plan = product_plan(product_names_of(command, head.list_id))
    return ProductCell(plan, DEEDS_IN_WORDS[params["Is"]], canonical_text(params.get("Product")))


_KINDS = {
    "reports.funnel": _Kind(_reader(FunnelCellParams, FUNNEL_ERRORS, "Step", "Is", "Value"), _funnel_cell),
    "reports.retention": _Kind(
        _reader(RetentionCellParams, RETENTION_ERRORS, "Cohort", "Period"), _retention_cell
    ),
    "reports.paths": _Kind(_reader(PathsCellParams, PATHS_ERRORS, "Path", "Others"), _paths_cell),
    "reports.attribution": _Kind(
        _reader(AttributionCellParams, ATTRIBUTION_ERRORS, "Is", "Value"), _attribution_cell
    ),
    "reports.products": _Kind(_reader(ProductCellParams, (), "Is", "Product"), _product_cell),
}
