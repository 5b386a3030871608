"""Shared tables: the tables of a copy in ClickHouse, and what of them belongs to a version.

No row is updated or deleted while questions read: a row has the number of the look in which it was `born`, and the table `gone` has those
that are no more, with the look in which they `died`. A question reads what one version holds, whatever is written meanwhile. Rows that
are gone lie there until the copy is built anew, in tables of their own, and the old ones are dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from tracker.analytics.copy.copy_tables import FORMAT, CopyState, PropertyColumn
from tracker.analytics.copy.copy_visits import kept_properties
from tracker.analytics.queries import ClickHouseDialect, CopySchema, kept_columns
from tracker.domain.spellings import PLAIN, Spellings

TEXT, NUMBER = "Nullable(String)", "Nullable(Float64)"
EVENT_COLUMNS = (
    'id Int64, "at" Int64, name String, tie Int32, is_robot Bool, is_bot Bool, is_counted Bool, worth Nullable(Decimal(38, 6)),'
    f" currency {TEXT}, rest Map(String, String), numbers Map(String, Float64)"
)
_BORN = "born UInt64 CODEC(Delta, LZ4)"
#: Table -> its columns, and the order of its rows. What tells a row of a table that has rows which go is in KEYS.
TABLES = {
    "ties": ("tie Int32, visitor Int64, span Int32, named Int64", "visitor"),
    "who": ("tie Int32, actor Int64, person Nullable(Int64), visitor Int64, is_left_out Bool", "tie"),
    "fields": (f"person Int64, field Int64, value String, number {NUMBER}", "(person, field)"),
    "columns": ("property String, col Int32, has_numbers Bool", "col"),
    "gone": ("kind String, a Int64, b Int64, died UInt64", "(kind, a, b)"),
}
KEYS = {
    "e": ("id", "toInt64(is_bot)"),
    "who": ("toInt64(tie)", "0"),
    "fields": ("person", "field"),
    "visits": ("actor", "began"),
}
#: The state of a version, beside `CopyState`: the versions that were never committed, and how many rows are gone from each table.
_STATE = ", ".join(f"{each.name} {'String' if each.type == 'str' else 'Int64'}" for each in fields(CopyState))
STATE_COLUMNS = f"version UInt64, aborted Array(UInt64), gone Array(String), {_STATE}"


def base_of(source: str, list_id: int) -> str:
    """Return what the names of a copy's tables begin with: several databases' copies, and formats, may lie side by side."""
    return f"tracker{FORMAT}_{source[:12]}_{list_id}"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a copy: the prefix of its tables, its number, versions that were never committed, and tables of which rows are gone."""

    prefix: str
    number: int
    aborted: tuple[int, ...] = ()
    gone: frozenset[str] = frozenset()

    def table(self, name: str) -> str:
        """Return a SELECT, in parentheses, of the rows of a table that this version has."""
        if name == "state":
            return f"(SELECT * FROM {self.name(name)} WHERE version = {self.number})"
        conditions = [f"born <= {self.number}"]
        if self.aborted:
            conditions.append(f"born NOT IN ({', '.join(map(str, self.aborted))})")
        if name in self.gone:
            keys = ", ".join((*KEYS[name], "born"))
            left = f"died <= {self.number}" + (
                f" AND died NOT IN ({', '.join(map(str, self.aborted))})" if self.aborted else ""
            )
            conditions.append(
                f"({keys}) NOT IN (SELECT a, b, born FROM {self.name('gone')} WHERE kind = '{name}' AND {left})"
            )
        return f"(SELECT * FROM {self.name(name)} WHERE {' AND '.join(conditions)})"

    def name(self, table: str) -> str:
        """Return the name of a table."""
        return f"{self.prefix}_{table}"


@dataclass(frozen=True, slots=True)
class SharedSchema(CopySchema):
    """The schema of a version of a copy in ClickHouse."""

    version: Version = field(default=Version("", 0), kw_only=True)

    def table(self, name: str) -> str:
        return self.version.table(name)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a question that begins now reads: a version, with the copy's columns and the gap of its visits."""

    version: Version
    columns: Sequence[PropertyColumn]
    visit_gap_ms: int

    def schema(self, spellings: Spellings = PLAIN, *, has_visits: bool = True) -> SharedSchema:
        """Return the schema."""
        gap_ms = self.visit_gap_ms if has_visits else 0
        kept, version = kept_properties(self.columns), self.version
        return SharedSchema(version.prefix, kept, gap_ms, spellings, ClickHouseDialect(), version=version)


def creations(prefix: str, columns: Sequence[PropertyColumn]) -> list[str]:
    """Return the statements that make the empty tables of a copy."""
    own = [f"p{each.index} {TEXT}" for each in columns]
    own += [f"n{each.index} {NUMBER}" for each in columns if each.has_numbers]
    kept = kept_columns(kept_properties(columns), ClickHouseDialect())
    visits = [f"{each.name} {'Int64' if each.type == 'BIGINT' else TEXT}" for each in kept]
    made = {
        "e": (", ".join([EVENT_COLUMNS, *own, "INDEX ids id TYPE minmax GRANULARITY 1"]), '(name, "at", id)'),
        "visits": (", ".join(["actor Int64, began Int64, ended Int64", *visits]), "(began, actor)"),
        **TABLES,
        "state": (STATE_COLUMNS, "version"),
    }
    return [
        f"CREATE TABLE {prefix}_{name} ({definition}{'' if name == 'state' else f', {_BORN}'}) ENGINE = MergeTree ORDER BY {order}"
        for name, (definition, order) in made.items()
    ]
