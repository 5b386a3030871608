"""Which declarations of tables are refused, and are the reasons understood?"""

from __future__ import annotations

from typing import Any

import peewee
import pytest

from tracker.tables import CompositeKey, Model, NumberColumn, Tables, TextColumn


@pytest.mark.parametrize("owner", ["", "Notes", "my_notes", "1st", "a" * 31, "tracker", "notes ", "nötes"])
def test_owners_that_could_clash_are_refused(owner: str) -> None:
    with pytest.raises(ValueError, match="an owner of tables is 1 to 30 lower-case letters and digits"):
        Tables(owner)


def test_a_table_stays_under_its_prefix() -> None:
    tables = Tables("notes")

    class Event(tables.Model):
        class Meta:
            table_name = "events"

    with pytest.raises(
        ValueError, match=r"Event: its table's name must start with plugin_notes_ .* not be 'events'"
    ):
        tables.migration("0001", Event)


def test_a_name_within_the_prefix_may_be_chosen() -> None:
    tables = Tables("notes")

    class Tag(tables.Model):
        class Meta:
            table_name = "plugin_notes_labels"

    tables.migration("0001", Tag)
    assert tables.migrations[0].name == "0001"


def test_a_model_that_names_no_plugin_is_refused() -> None:
    class Note(Model):
        pass

    with pytest.raises(ValueError, match=r"must start with plugin_notes_ .* not be 'note'"):
        Tables("notes").migration("0001", Note)


def test_a_model_of_another_plugin_is_refused() -> None:
    class Note(Tables("notes").Model):
        pass

    with pytest.raises(ValueError, match="must start with plugin_other_"):
        Tables("other").migration("0001", Note)


def test_only_columns_that_every_database_keeps_alike_are_taken() -> None:
    tables = Tables("notes")

    class Note(tables.Model):
        text = peewee.CharField()

    with pytest.raises(ValueError, match=r"Note\.text: use a column of tracker\.tables, not CharField"):
        tables.migration("0001", Note)


def test_a_table_needs_a_key() -> None:
    tables = Tables("notes")

    class Note(tables.Model):
        text = TextColumn(10)

        class Meta:
            primary_key = False

    with pytest.raises(ValueError, match="Note: a table needs a primary key"):
        tables.migration("0001", Note)


@pytest.mark.parametrize("name", ["", "0001", "x" * 129])
def test_names_of_migrations_differ(name: str) -> None:
    tables = Tables("notes")
    tables.migration("0001")
    with pytest.raises(ValueError, match="names of migrations are 1 to 128 bytes and differ"):
        tables.migration(name)


@pytest.mark.parametrize(
    "declared", [{"breaks_before": "0002"}, {"breaks_before": "0001", "only_adds": True}]
)
def test_what_a_migration_breaks_is_said_by_an_earlier_one(declared: dict[str, Any]) -> None:
    tables = Tables("notes")
    tables.migration("0001")
    with pytest.raises(ValueError, match="breaks_before names an earlier migration of 'notes'"):
        tables.migration("0002", **declared)


def test_a_column_that_is_added_says_what_older_rows_hold() -> None:
    tables = Tables("notes")

    class Note(tables.Model):
        list_id = NumberColumn()
        text = TextColumn(10)

        class Meta:
            primary_key = CompositeKey("list_id", "text")

    with pytest.raises(ValueError, match=r"Note\.text: a column that is added needs null=True, or a default"):
        tables.migration("0001", Note.text)


def test_a_step_is_something_that_can_be_done() -> None:
    with pytest.raises(ValueError, match="a step is a model, a column of a model or a function"):
        Tables("notes").migration("0001", "CREATE TABLE notes (id)")  # type: ignore[arg-type]
