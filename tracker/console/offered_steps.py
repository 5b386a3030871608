"""Offered steps: the events, pages and goals that a question is made of, with their counts, and the funnel that a list suggests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tracker.console.client import NotDone, ask, ask_if_allowed
from tracker.console.current_list import CurrentList
from tracker.console.filter_words import condition_words
from tracker.console.journey_question import step_text
from tracker.console.report_address import Condition, ReportAddress

PAGE_VIEW, PAGE = "page_view", "$pathname"
#: Names that are asked for, as steps and in other forms, and pages that are offered.
EVENTS, NAMES, PAGES = 200, 100, 12
#: Events that are no deed of a person.
NO_DEEDS = ("identify",)
#: Parts of the names of events that lie between cart and purchase, and of those that end a way.
BETWEEN, LAST = ("checkout", "payment", "shipping"), ("conversion", "purchase", "order", "signup", "sign_up")
Option = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OfferedSteps:
    """What a step can be. `counts` are of events, the most frequent first; `goals` are {number: name}, `alike` names
    that seem to be one, spelled twice."""

    counts: Mapping[str, int]
    pages: Sequence[str] = ()
    goals: Mapping[int, str] = field(default_factory=dict)
    alike: Sequence[Sequence[str]] = ()

    def groups(self, *chosen: Any) -> dict[str, list[Option]]:
        """Return the options of a choice by group: text as addresses have it, and words. A chosen step is always among them."""
        events = [(step_text(name), f"{name} ({count:,})") for name, count in self.counts.items()]
        pages = [(step_text(page_step(path)), f"Page {path}") for path in self.pages]
        goals = [(step_text({"GoalID": number}), f"Goal {name}") for number, name in self.goals.items()]
        known = {text for text, _ in (*events, *pages, *goals)}
        others = {
            step_text(step): self.words(step) for step in chosen if step and step_text(step) not in known
        }
        found = {"": list(others.items()), "Events": events, "Pages": pages, "Goals": goals}
        return {name: options for name, options in found.items() if options}

    def words(self, step: Any) -> str:
        """Return a step in words: `add_to_cart`, `Page /cart`, `Goal Newsletter`, `order, price is more than 20`."""
        if not isinstance(step, Mapping):
            return str(step)
        if step.get("Name"):
            return str(step["Name"])
        if "GoalID" in step:
            number = str(step["GoalID"])
            return f"Goal {next((name for key, name in self.goals.items() if str(key) == number), number)}"
        where = step.get("Where") or []
        where = where if isinstance(where, list) else [where]
        if step.get("Event") == PAGE_VIEW and len(where) == 1 and _is_page(where[0]):
            return f"Page {where[0]['Value']}"
        if "Property" in step:  # the short form of paths
            return condition_words({**step, "Is": "equals"})
        told = [str(step["Event"])] if step.get("Event") else []
        return ", ".join([*told, *map(condition_words, where)]) or "Any event"

    def suggested(self, products: Mapping[str, Any]) -> list[Any]:
        """Return the steps of a funnel that suits a list: from a page view over its products to what ends a way."""
        names = list(self.counts)
        between = [name for name in names if any(part in name.lower() for part in BETWEEN)]
        last = [name for part in LAST for name in names if part in name.lower() and name not in between]
        shop = [self._most_used(products.get(part)) for part in ("Seen", "InCart")]
        wanted = [
            PAGE_VIEW,
            *shop,
            *between[:1],
            *([products.get("Bought")] if products.get("Bought") in names else last)[:1],
        ]
        found = [name for name in dict.fromkeys(wanted) if name in self.counts]
        return found if len(found) > 1 else names[:2]

    def _most_used(self, name: Any) -> Any:
        """Return the name, or the one among its other spellings that is used most."""
        spelled = next((names for names in self.alike if name in names), (name,))
        return max(spelled, key=lambda each: self.counts.get(each, 0))


def seen_steps(place: CurrentList) -> OfferedSteps:
    """Return the events of the list alone, the most frequent first; none, if the user may not read them."""
    found = ask_if_allowed("website_events.catalogue", **place.params, RecordsPerRequest=EVENTS)
    counts = {
        each["Event"]: int(each["Count"]) for each in found.get("Events", []) if each["Event"] not in NO_DEEDS
    }
    alike = [each["Names"] for each in found.get("LookAlikes", []) if each["Kind"] == "event"]
    return OfferedSteps(dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))), alike=alike)


def offered_names(place: CurrentList) -> tuple[list[str], list[str]]:
    """Return the names of events that a form offers, and those of their properties; none, if the user may not read them."""
    events = ask_if_allowed("website_events.catalogue", **place.params, RecordsPerRequest=NAMES).get(
        "Events", []
    )
    properties = {each["Property"] for event in events for each in event["Properties"] if each["Property"]}
    return [each["Event"] for each in events], sorted(properties)


def offered_steps(place: CurrentList, address: ReportAddress) -> OfferedSteps:
    """Return what the list has to offer; what the user may not read is not offered."""
    seen = seen_steps(place)
    goals = ask_if_allowed("goals.get", **place.params, WithCounts=False).get("Goals", [])
    pages = _pages(place, address) if PAGE_VIEW in seen.counts else []
    return replace(seen, pages=pages, goals={each["GoalID"]: each["Name"] for each in goals})


def page_step(path: str) -> dict[str, Any]:
    """Return the step of seeing a page."""
    return {"Event": PAGE_VIEW, "Where": [{"Of": "event", "Property": PAGE, "Is": "equals", "Value": path}]}


def with_condition(step: Any, condition: Condition) -> dict[str, Any]:
    """Return a step with one more condition. That a goal takes none is the command's to tell."""
    parts = dict(step) if isinstance(step, Mapping) else {"Event": step}
    return {**parts, "Where": [*(parts.get("Where") or []), condition]}


def _pages(place: CurrentList, address: ReportAddress) -> list[str]:
    """Return the pages that most people saw. A question that is refused here is refused by the report, with its reason."""
    head = {name: value for name, value in address.head.items() if name in ("From", "To")}
    try:
        answer = ask(
            "reports.breakdown", **place.params, **head, Compare="none", Event=PAGE_VIEW, By=PAGE, Limit=PAGES
        )
    except NotDone:
        return []
    return [row["Values"][0] for row in answer.get("Rows", []) if row["Values"][0]]


def _is_page(condition: Any) -> bool:
    wanted = {"Property": PAGE, "Is": "equals"}
    return (
        isinstance(condition, Mapping)
        and all(condition.get(name) == value for name, value in wanted.items())
        and isinstance(condition.get("Value"), str)
    )


def names_of(steps: Iterable[Any], offered: OfferedSteps) -> list[str]:
    """Return the steps in words."""
    return [offered.words(step) for step in steps]
