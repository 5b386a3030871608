"""Copy schema: where a list's copy is attached, and which properties have columns of their own there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from tracker.analytics.queries.duckdb_dialect import DUCKDB, DuckDBDialect
from tracker.domain.spellings import PLAIN, Spellings


class Cursor(Protocol):
    """What queries need of a DuckDB connection or cursor."""

    def execute(self, query: str, parameters: Any = None, /) -> Any:
        """Run a statement."""

    def fetchall(self) -> list[Any]:
        """Return its rows."""


@runtime_checkable
class PatternJudge(Protocol):
    """A cursor of an engine that cannot tell in a statement which texts are regular expressions."""

    def bad_patterns(self, patterns: Sequence[str], /) -> list[str]:
        """Return those that are none."""


@dataclass(frozen=True, slots=True)
class CopyColumn:
    """The column of a property: text in `p<index>`, and numbers in `n<index>` if any was seen.

    A column that `is_partial` was added later: older rows have the property among the rest still.
    """

    index: int
    has_numbers: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class CopySchema:
    """The attached database of a copy, its columns by the exact name of the property, and the gap of the visits that it keeps.

    `visit_gap_ms` is 0 for a copy that keeps no visits.
    """

    prefix: str
    columns: Mapping[str, CopyColumn] = field(default_factory=dict)
    visit_gap_ms: int = 0
    spellings: Spellings = PLAIN
    dialect: DuckDBDialect = DUCKDB

    @property
    def kept(self) -> Mapping[str, CopyColumn]:
        """The columns of which visits may be kept with a value: those of properties that are spelled in one way."""
        spelled = self.spellings.properties
        if not spelled:
            return self.columns
        several = {*spelled, *spelled.values()}
        return {name: column for name, column in self.columns.items() if name not in several}

    def table(self, name: str) -> str:
        """Return a table's full name. The prefix is ours: `list_2`."""
        return f"{self.prefix}.{name}"


class BoundValues:
    """The values of a statement, each bound once and named by its number: `$1`."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[tuple[type, Any], int] = {}

    def bind(self, value: str | int) -> str:
        """Return what stands for the value in SQL."""
        key = (type(value), value)
        if key not in self._numbers:
            self.values.append(value)
            self._numbers[key] = len(self.values)
        return f"${self._numbers[key]}"

    def bind_texts(self, texts: Sequence[str | None]) -> str:
        """Return what stands for a list of texts in SQL."""
        self.values.append(list(texts))
        return f"${len(self.values)}::VARCHAR[]"
