"""Names on the wire: the parameters, error rows and answers of commands about names of events and properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from tracker import Command
from tracker.api.report_params import LIST_ERRORS
from tracker.api.row_refusals import answering
from tracker.domain.spellings import OWN, RESERVED, NameKind, Spellings
from tracker.errors import Error, invalid, missing
from tracker.fields import ListID, Text
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.reports.spelled_names import ALL_AS_SENT, ShownNames
from tracker.storage.accounts import MAX_NOTED, NameFault, NotedName
from tracker.storage.engine import Transaction

#: Bytes of a property's name, characters of what is said of a name.
MAX_PROPERTY, MAX_DESCRIPTION = 255, 500
INVALID_EVENT, INVALID_PROPERTY = invalid("Event", 4), invalid("Property", 5)
ONE_NAME = Error(6, "Either Event or Property is needed, and not both")
INVALID_AS, MISSING_AS = invalid("As", 7), missing("As", 8)
CIRCLE = Error(
    9, "The name would stand for itself", hint="Take the other alias back first, with event.unalias"
)
CHAIN = Error(
    10,
    "A name that others stand for cannot stand for another",
    hint="Let all of them stand for the same name",
)
RESERVED_NAME = Error(
    11, f"{', '.join(sorted(RESERVED))} and properties that begin with {OWN} mean something to Tracker itself"
)
TOO_MANY_NAMES = Error(12, f"Something is noted of {MAX_NOTED} names of this list, the most that can be")
NO_ALIAS = Error(13, "The name stands for no other")
INVALID_HIDDEN, INVALID_DESCRIPTION = invalid("IsHidden", 14), invalid("Description", 15)
MISSING_DESCRIPTION = missing("Description", 16)
#: The rows of all commands about one name.
NAME_ERRORS = (*LIST_ERRORS, INVALID_EVENT, INVALID_PROPERTY, ONE_NAME)
#: Answers a refusal of the store: raises CommandError (9 to 13).
answering_names = answering(
    {
        NameFault.CIRCLE: CIRCLE,
        NameFault.CHAIN: CHAIN,
        NameFault.RESERVED: RESERVED_NAME,
        NameFault.TOO_MANY: TOO_MANY_NAMES,
        NameFault.NO_ALIAS: NO_ALIAS,
    }
)
KINDS = {NameKind.EVENT: "event", NameKind.PROPERTY: "property"}


class ByteText(Text):
    """A name as events have it: of at most so many bytes of UTF-8."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if self._most is not None and len(text.encode()) > self._most:
            raise self.make_error("invalid", input=value)
        return text


class NameParams(Schema):
    """`Event` or `Property` names what the command is about; a property's name is that of all events."""

    ListID = ListID(required=True, metadata={"description": "List of the name"})
    Event = ByteText(1, MAX_NAME_BYTES, False, metadata={"description": "Name of an event"})
    Property = ByteText(
        1,
        MAX_PROPERTY,
        False,
        metadata={"description": "Instead of Event: name of a property, of whichever events"},
    )

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_name(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
        if len(sent.keys() & {"Event", "Property"}) != 1:
            raise ValidationError([ONE_NAME])


class NameInformation(Schema):
    Kind = fields.String(required=True, metadata={"enum": list(KINDS.values())})
    Name = fields.String(required=True)
    As = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The name it is shown and counted as, if another"},
    )
    IsHidden = fields.Boolean(required=True)
    Description = fields.String(required=True)


def named(params: dict[str, Any]) -> tuple[NameKind, str]:
    """Return what the call is about."""
    if "Event" in params:
        return NameKind.EVENT, params["Event"]
    return NameKind.PROPERTY, params["Property"]


def name_information(name: NotedName) -> dict[str, Any]:
    """Return a `NameInformation`."""
    return {
        "Kind": KINDS[name.kind],
        "Name": name.name,
        "As": name.stands_for,
        "IsHidden": name.is_hidden,
        "Description": name.description,
    }


def shown_names(command: Command, list_id: int, *, with_hidden: bool = False) -> ShownNames:
    """Return how the names of a list are shown."""
    book = command.services.stores.names.book(list_id, command.deadline)
    if not book.noted:
        return ALL_AS_SENT
    hidden = [frozenset(() if with_hidden else book.hidden(kind)) for kind in NameKind]
    return ShownNames(book.spellings, *hidden)


def spellings_of(command: Command, list_id: int) -> Spellings:
    """Return the spellings of a list's names."""
    return command.services.stores.names.book(list_id, command.deadline).spellings


def event_names(command: Command, list_id: int, params: Mapping[str, Any]) -> frozenset[bytes] | None:
    """Return the stored names that the filter `Event` finds, all spellings of the one that is sent; None without the filter."""
    if "Event" not in params:
        return None
    return frozenset(map(str.encode, spellings_of(command, list_id).of_event(params["Event"])))


def name_entry(command: Command, list_id: int) -> Callable[[Transaction], None]:
    """Return a function that writes the audit log's entry of this call, in the transaction of the change itself."""

    def write(transaction: Transaction) -> None:
        command.services.audit.note(transaction, command.caller, command.name, f"list:{list_id}")

    return write
