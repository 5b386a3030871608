"""Dimension words: what numbers are broken down by, in the API's form (`visit:$channel`), with name and filter condition."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.console.filter_words import property_name, value_words
from tracker.console.report_address import Condition

#: The form that means the event's name, and the beginnings of the others with the parts of their conditions.
EVENT = "Event"
PREFIXES: dict[str, dict[str, str]] = {
    "visit-exit:": {"Of": "visit", "At": "exit"},
    "visit:": {"Of": "visit"},
    "person:": {"Of": "person"},
    "event:": {"Of": "event"},
}
#: Dimensions whose names say more than that of their property.
NAMES = {
    EVENT: "Event",
    "visit:$pathname": "Entry page",
    "visit-exit:$pathname": "Exit page",
    "$pathname": "Page",
}
#: The dimensions that Explore offers first.
OFFERED = (
    "visit:$channel", "visit:$utm_campaign", "visit:$utm_source", "visit:$referring_domain", "visit:$pathname", "$pathname",
    "visit-exit:$pathname", "visit:$device_type", "visit:$browser", "visit:$os", "visit:$country", EVENT,
)  # fmt: skip
#: A row without a value.
NOT_SET = "(not set)"


@dataclass(frozen=True, slots=True)
class DimensionWords:
    """A dimension. `form` is what `By` of the reports takes."""

    form: str

    @property
    def parts(self) -> dict[str, str]:
        """The parts of a condition about it: `{"Of": "visit", "Property": "$channel"}`."""
        if self.form == EVENT:
            return {"Of": "event"}
        for prefix, parts in PREFIXES.items():
            if self.form.startswith(prefix):
                key = "Field" if prefix == "person:" else "Property"
                return {**parts, key: self.form.removeprefix(prefix)}
        return {"Of": "event", "Property": self.form}

    @property
    def name(self) -> str:
        """What it is called: `Channel`, `Exit page`, `price`."""
        parts = self.parts
        return NAMES.get(self.form) or property_name(parts.get("Property") or parts.get("Field") or EVENT)

    def condition(self, value: str | None) -> Condition:
        """Return the condition that selects the row with this value; None stands for one that is not set."""
        if self.form == EVENT:
            return {"Of": "event", "Event": value or "", "Is": "happened"}
        return (
            {**self.parts, "Is": "is not set"}
            if value is None
            else {**self.parts, "Is": "equals", "Value": value}
        )

    def value_words(self, value: str | None) -> str:
        """Return a value as a row shows it."""
        if value is None:
            return NOT_SET
        return value_words(self.parts.get("Property"), value) or "(empty)"


def of_property(name: str) -> str:
    """Return the form of an event's property; its name may look like another form."""
    return f"event:{name}" if name == EVENT or name.startswith(tuple(PREFIXES)) else name
