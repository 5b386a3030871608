"""Notes on a list: a plugin with a table, a permission, error codes, a rate limit and a setting of its own."""

from typing import Any

from marshmallow import Schema
from tracker import Command, Error, invalid, missing
from tracker.fields import ListID, Text
from tracker.tables import CompositeKey, Model, NumberColumn, Tables, TextColumn, Transaction, fn
from tracker.times import iso_utc

requires_tracker = ">=0.1,<0.2"

tables = Tables("notes")


class Note(Model):
    list_id = NumberColumn()
    number = NumberColumn()
    text = TextColumn(250)
    written_at = NumberColumn()

    class Meta:
        table_function = tables.table_name
        primary_key = CompositeKey("list_id", "number")


tables.migration("0001_notes", Note)


LIST_NOT_FOUND = Error(3, "List not found")


class _NoteCommand(Command):
    tables = tables


class NoteAdd(_NoteCommand):
    """Write a note on a list. A list holds up to `TRACKER_PLUGIN_NOTES_MOST` notes."""

    name = "note.add"
    permission = "Notes.Write"
    rate_limit = "20 per 60 seconds"
    errors = (
        missing("ListID", 1),
        invalid("ListID", 2),
        LIST_NOT_FOUND,
        missing("Text", 4),
        invalid("Text", 5),
        Error(6, "The list has as many notes as it may have", status=409),
    )
    example = ({"ListID": 123, "Text": "Ask about the big order"}, {"Number": 1})

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to write on"})
        Text = Text(1, 250, required=True, metadata={"description": "The note"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], LIST_NOT_FOUND).id
        most = int(self.services.settings.plugins.get("TRACKER_PLUGIN_NOTES_MOST", "100"))

        def add(transaction: Transaction) -> int:
            notes = Note.select(fn.MAX(Note.number), fn.COUNT(Note.number)).where(Note.list_id == list_id)
            [(last, count)] = transaction.rows(notes)
            if count >= most:
                raise self.error(6)
            number = int(last or 0) + 1
            transaction.run(
                Note.insert(list_id=list_id, number=number, text=params["Text"], written_at=self.now)
            )
            return number

        return {"Number": self.services.storage.write(add, self.deadline)}


class NotesGet(_NoteCommand):
    """List the notes of a list, oldest first."""

    name = "notes.get"
    path = "notes"
    method = "GET"
    permission = "Notes.Read"
    errors = (missing("ListID", 1), invalid("ListID", 2), LIST_NOT_FOUND)
    example = (
        {"ListID": 123},
        {
            "Notes": [
                {"Number": 1, "Text": "Ask about the big order", "WrittenAt": "2026-01-31T09:30:00.125Z"}
            ]
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to read"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        query = Note.select(Note.number, Note.text, Note.written_at).order_by(Note.number)
        query = query.where(Note.list_id == self.own_list(params["ListID"], LIST_NOT_FOUND).id)
        rows = self.services.storage.read(lambda transaction: transaction.rows(query), self.deadline)
        return {"Notes": [{"Number": n, "Text": text, "WrittenAt": iso_utc(at)} for n, text, at in rows]}
