"""Dimensions on the wire: what `By` names, as `Event`, `<property>`, `visit:<property>`, `visit-exit:<property>`, `person:<field>`."""

from __future__ import annotations

from collections.abc import Callable

from tracker import Command
from tracker.api.report_params import INVALID_BY, check_fields_allowed, field_finder
from tracker.api.where_params import FieldFinder
from tracker.errors import CommandError, because, hinted
from tracker.questions import Dimension

#: The dimension of events' names. A property of that name is `event:Event`.
EVENT_NAME = "Event"
FORMS = (
    "`Event` is the event's name, `<property>` or `event:<property>` a property of the event, `visit:<property>` and "
    "`visit-exit:<property>` its first and last value in the visit, `person:<field>` a custom field"
)
_OF_PREFIX: dict[str, Callable[[str], Dimension]] = {
    "event": lambda name: Dimension("event", name),
    "visit": lambda name: Dimension("visit", name),
    "visit-exit": lambda name: Dimension("visit", name, at="exit"),
}
#: What stands before the name of a property.
PREFIXES = tuple(_OF_PREFIX)


def read_dimension(command: Command, list_id: int, text: str) -> Dimension:
    """Return the dimension that a text names. Raises CommandError (22, 403), and BadQuestion for an impossible name."""
    prefix, colon, name = text.partition(":")
    if text == EVENT_NAME:
        return Dimension("event")
    if not colon or prefix not in (*_OF_PREFIX, "person"):
        return Dimension("event", text)
    if not name:
        raise CommandError(hinted(because(INVALID_BY, f"{text} names nothing"), FORMS))
    if prefix == "person":
        return _of_field(command, name, field_finder(command, list_id))
    return _OF_PREFIX[prefix](name)


def _of_field(command: Command, name: str, field_id: FieldFinder) -> Dimension:
    check_fields_allowed(command)
    found = field_id(name)
    if found is None:
        raise CommandError(because(INVALID_BY, "the list has no such custom field"))
    return Dimension("person", field=found)
