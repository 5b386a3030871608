"""Cell actors: the people who are in a number of a report, for each kind of cell by the report that has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracker.analytics.queries.attribution_answer import attribution_actors
from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.funnel_attempts import funnel_actors
from tracker.analytics.queries.products_answer import product_actors
from tracker.analytics.queries.retention_cohorts import retention_actors
from tracker.analytics.queries.walks import path_actors
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import AttributionCell, Cell, FunnelCell, Head, PathsCell, ProductCell, RetentionCell

#: Each returns the name of a table with a column `actor`, in which every one of them has an event that matches the head.
_ACTORS: dict[type[Any], Callable[[Workspace, CopySchema, Head, Any], str]] = {
    FunnelCell: funnel_actors,
    RetentionCell: retention_actors,
    PathsCell: path_actors,
    AttributionCell: attribution_actors,
    ProductCell: product_actors,
}


def actors_of(workspace: Workspace, schema: CopySchema, head: Head, cell: Cell) -> str:
    """Return the name of a table of the actors who are in the cell."""
    return _ACTORS[type(cell)](workspace, schema, head, cell)
