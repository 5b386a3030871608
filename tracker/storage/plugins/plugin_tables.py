"""Tables of a plugin: its prefix, its models and its migration history."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import peewee
from peewee import CompositeKey as CompositeKey  # plugins need these two, and only storage imports peewee
from peewee import fn as fn

from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.plugins.plugin_columns import column_of, default_of, indexes_of, primary_of
from tracker.storage.schema.ddl import Table
from tracker.storage.schema.migrations import Migration
from tracker.storage.schema.operations import AddColumn, AddIndex, CompareColumns, CreateTable
from tracker.storage.schema.own_database import own_database

#: No underscores: otherwise `a` with a table `b_c` and `a_b` with a table `c` would be the same.
OWNER: Final = re.compile(r"[a-z][a-z0-9]{0,29}")
#: `WordCount` is the table `word_count`.
WORD_START: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: MySQL refuses longer names of tables.
MAX_NAME_CHARACTERS: Final = 64
#: Bytes of the column of a migration's name.
MAX_MIGRATION_BYTES: Final = 128

#: A model (its table is made), a column of a model (it is added), or a function of a transaction (it is run).
MigrationStep = type[peewee.Model] | peewee.Field | Callable[[Transaction], None]


def open_storage(url: str, *plugins: Tables) -> Database:
    """Open the storage at `url` for a plugin's tests, upgraded, as `self.services.storage` is. Close it afterwards."""
    storage = own_database(url, {tables.owner: tables.migrations for tables in plugins})
    storage.upgrade()
    return storage


class Model(peewee.Model):
    """Parent of a plugin's models. A model's `class Meta` sets `table_function = tables.table_name` to name its table."""

    class Meta:
        legacy_table_names = False


class Tables:
    """The tables of one plugin: `table_name` to name them, and `migration` for each version of them.

    `owner` is up to 30 lower-case letters and digits. The model `Note` of the owner `notes` is the table
    `plugin_notes_note`. All methods raise ValueError with one line for what cannot work.
    """

    def __init__(self, owner: str) -> None:
        if not OWNER.fullmatch(owner) or owner == "tracker":
            raise ValueError(
                f"an owner of tables is 1 to 30 lower-case letters and digits but not 'tracker', and not '{owner}'"
            )
        self.owner, self.prefix = owner, f"plugin_{owner}_"
        self._history: list[Migration] = []
        meta = type("Meta", (), {"table_function": self.table_name})
        #: A `Model` that names its table by itself. Checkers of types cannot follow it.
        self.Model: Any = type("Model", (Model,), {"__module__": __name__, "Meta": meta})

    def migration(
        self, name: str, *steps: MigrationStep, only_adds: bool = False, breaks_before: str | None = None
    ) -> None:
        """Add a migration to the end of the history. A released one keeps its name, its place and its steps.

        Its steps are models (the table is made), columns of models (the column is added), `index(…)` and functions of a
        transaction. The first three check whether they are needed; a function must allow being run again, since MySQL
        commits every statement by itself and the run may be killed between them.

        While instances are upgraded one by one, older versions of the plugin go on with the new tables. They are refused
        them if a step is a function or a unique index, unless `only_adds` says that it only adds, or `breaks_before`
        names an earlier migration: then those that know that one go on.
        """
        if not name or len(name.encode()) > MAX_MIGRATION_BYTES or name in self._names():
            raise ValueError(
                f"names of migrations are 1 to {MAX_MIGRATION_BYTES} bytes and differ, not '{name}'"
            )
        applicable = [self._applicable(step) for step in steps]
        breaks_before = self._checked_break(breaks_before, only_adds) or (
            "" if only_adds or all(map(_only_adds, applicable)) else name
        )
        self._history.append(Migration(name, applicable, breaks_before))

    def index(self, *columns: peewee.Field, is_unique: bool = False) -> Callable[[Transaction], None]:
        """Return the step that makes an index of these columns of one model, if there is none."""
        names = tuple(column.column_name for column in columns)
        return AddIndex(self._checked_name(columns[0].model), names, is_unique)

    @property
    def migrations(self) -> list[Migration]:
        """Return the history, followed by a check that it leads to the models as they are now.

        The check's name changes with the models, so it is made once for each state of them: a column that no migration
        adds stops `tracker db upgrade` instead of failing calls later.
        """
        wanted = {model._meta.table_name: sorted(model._meta.columns) for model in self._models()}
        digest = hashlib.sha256(repr(sorted(wanted.items())).encode()).hexdigest()[:12]
        check = Migration(f"columns {digest}", [CompareColumns(self.owner, wanted)], breaks_before="")
        return [*self._history, check] if wanted else list(self._history)

    def _checked_break(self, breaks_before: str | None, only_adds: bool) -> str | None:
        if breaks_before is not None and (only_adds or breaks_before not in self._names()):
            raise ValueError(
                f"breaks_before names an earlier migration of '{self.owner}', and goes without only_adds;"
                f" '{breaks_before}' does not"
            )
        return breaks_before

    def _names(self) -> set[str]:
        return {migration.name for migration in self._history}

    def _models(self) -> Iterator[Any]:
        """Yield all models but the parents of others, which may exist only for their columns."""
        waiting = Model.__subclasses__()
        while waiting:
            model = waiting.pop(0)
            children = model.__subclasses__()
            waiting += children
            is_ours = model._meta.table_function == self.table_name
            if is_ours and not children and model is not self.Model:
                yield model

    def table_name(self, model: type[peewee.Model]) -> str:
        """Return the name of a model's table: the plugin's prefix and the model's name in small letters."""
        return self.prefix + WORD_START.sub("_", model.__name__).lower()

    def _checked_name(self, model: Any) -> str:
        name: str = model._meta.table_name
        if not name.startswith(self.prefix) or len(name) > MAX_NAME_CHARACTERS:
            raise ValueError(
                f"{model.__name__}: its table's name must start with {self.prefix} and have at most "
                f"{MAX_NAME_CHARACTERS} characters, and not be '{name}'"
            )
        return name

    def _applicable(self, step: Any) -> Any:
        if isinstance(step, type) and issubclass(step, peewee.Model):
            return self._made(step)
        if isinstance(step, peewee.Field):
            return AddColumn(self._checked_name(step.model), column_of(step), default_of(step))
        if not callable(step):
            raise ValueError(f"a step is a model, a column of a model or a function, not {step!r}")
        return step

    def _made(self, model: Any) -> CreateTable:
        meta = model._meta
        columns = [column_of(field) for field in meta.sorted_fields]
        unique = list(indexes_of(meta, is_unique=True))
        table = Table(self._checked_name(model), columns, primary=primary_of(meta), unique=unique)
        return CreateTable(table, list(indexes_of(meta, is_unique=False)))


def _only_adds(step: Any) -> bool:
    """Return whether instances that do not know of a step work on after it: a unique index may refuse what they write."""
    return isinstance(step, CreateTable | AddColumn) or (isinstance(step, AddIndex) and not step.is_unique)
