"""Alert form: an alert that is being written or changed, and what its fields offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from tracker.console.goal_form import GoalForm, read_form
from tracker.console.number_words import SIX, measure_name

#: What is wrong with a field; None: as the command says it, which has the reason.
WORDS = {
    "Name": "A name of 1 to 100 characters that no other alert of this list has.",
    "Is": None,
    "Event": "The name of an event, of at most 200 bytes.",
    "Where": None,
    "Measure": None,
    "GoalID": None,
    "SegmentID": None,
    "Value": "A number that is not negative.",
    "Hours": "From 1 to 168 hours.",
    "Minimum": "A whole number.",
    "To": "Up to 20 addresses, with blanks between them.",
    "URL": None,
}
#: Kinds, and what is chosen of each.
KINDS = {
    "silence": "An event stopped arriving",
    "number": "A number of a report",
    "refusals": "Events are refused",
}
CHOICES = {
    "silence": {
        "not seen": "it is not seen at all",
        "less than usual": "it comes less than is usual in these hours",
    },
    "number": {
        "below": "it is below the value",
        "above": "it is above the value",
        "down": "it is down by so many percent",
        "up": "it is up by so many percent",
        "changed": "it is up or down by so many percent",
    },
    "refusals": {
        "above": "there are more than the value",
        "share above": "their share is more than so many percent",
        "new origin": "a website is refused that was not before",
    },
}
#: Words of `Is` without a value, and those that are judged from a least number of events on.
WITHOUT_VALUE = ("not seen", "new origin")
FROM_MINIMUM = ("less than usual", "down", "up", "changed", "share above")
#: Measures that count a goal.
OF_GOAL = ("conversions", "rate")
HOURS = {
    "1": "the last hour",
    "3": "the last 3 hours",
    "6": "the last 6 hours",
    "24": "the last 24 hours",
    "168": "the last 7 days",
}
MEASURES = (*SIX, "events")
#: Fields whose text is the parameter's; `Currency` has no field of its own, and stays as it is.
TEXTS = ("Is", "Measure", "GoalID", "SegmentID", "Currency", "Value", "Hours", "Minimum", "URL")


@dataclass(frozen=True, slots=True)
class AlertForm:
    """The alert in the form: its kind, its name and event with conditions, and the texts of the other fields."""

    kind: str = "silence"
    event: GoalForm = field(default_factory=GoalForm)
    texts: Mapping[str, str] = field(default_factory=lambda: {"Hours": "24"})
    to: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `alert.create`: what belongs to what was chosen; other fields are left alone."""
        sent: dict[str, Any] = {name: self.texts.get(name) for name in TEXTS if name not in self._left_out}
        sent |= {"Name": self.event.name, "To": self.to.replace(",", " ").split()}
        if self.kind != "refusals":
            sent["Event"] = self.event.event
        if self.kind == "number":
            sent["Where"] = list(self.event.conditions)
        return {"Kind": self.kind, **{name: value for name, value in sent.items() if value or name == "To"}}

    @property
    def measures(self) -> dict[str, str]:
        """Measures to choose from; that of an alert is among them."""
        chosen = self.texts.get("Measure", "")
        return {word: measure_name(word) for word in dict.fromkeys((*MEASURES, chosen)) if word}

    @property
    def hours(self) -> dict[str, str]:
        """Windows to choose from; that of an alert is among them."""
        chosen = self.texts.get("Hours", "")
        return HOURS if chosen in HOURS else {**HOURS, chosen: f"the last {chosen} hours"}

    def added(self) -> AlertForm:
        """Return the form with the condition in its fields among the others."""
        return replace(self, event=self.event.added())

    def drafted(self, removed: str | None) -> AlertForm:
        """Return the form with a condition more, or without the one of the button that was pressed."""
        return self.added() if removed is None else replace(self, event=self.event.without(removed))

    @property
    def _left_out(self) -> set[str]:
        word, found = self.texts.get("Is", ""), set()
        if word in WITHOUT_VALUE:
            found.add("Value")
        if word not in FROM_MINIMUM:
            found.add("Minimum")
        if self.kind != "number":
            found |= {"Measure", "GoalID", "SegmentID", "Currency"}
        elif self.texts.get("Measure") not in OF_GOAL:
            found.add("GoalID")
        return found


def read_alert_form(sent: Mapping[str, str]) -> AlertForm:
    """Return the alert that an address or a form describes; its faults are the command's to tell."""
    texts = {name: sent.get(name, "").strip() for name in TEXTS}
    kind = sent.get("Kind", "")
    return AlertForm(
        kind if kind in KINDS else "silence",
        read_form(sent),
        {**texts, "Hours": texts["Hours"] or "24"},
        sent.get("To", "").strip(),
    )


def form_of(alert: Mapping[str, Any]) -> AlertForm:
    """Return the form with an alert as `alerts.get` has it."""
    texts = {name: _text(alert[name]) for name in TEXTS}
    event = GoalForm(alert["Name"], alert["Event"] or "", tuple(alert["Where"]))
    return AlertForm(alert["Kind"], event, texts, " ".join(to["EmailAddress"] for to in alert["To"]))


def _text(value: Any) -> str:
    """Return a parameter as one types it: 50.0 is `50`."""
    if isinstance(value, float):
        return format(Decimal(str(value)).normalize(), "f")
    return "" if value is None else str(value)
