"""Which paths does the console have? Walked from the application, so that no page is forgotten by a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.served import Account
from tracker.app import create_app
from tracker.config import Settings

#: A form for each path that takes one: what it changes is seen in the database. A new form gets its line here.
FORMS: dict[str, dict[str, Any]] = {
    "/sign-in": {},  # the account's own, which the test knows
    "/sign-out": {},
    "/lists": {"name": "Another"},
    "/lists/<list_id>/products": {},  # the names that were found
    "/lists/<list_id>/settings": {"SubscriberListName": "Renamed", "ConversionIdIs": "goal", "RetentionDays": "30", "Timezone": "Europe/Berlin"},
    "/lists/<list_id>/people/<subscriber_id>/visitors/<uuid>/<span>/unmerge": {},
    "/lists/<list_id>/people/<subscriber_id>/reports": {"out": "1"},
    "/lists/<list_id>/people/<subscriber_id>/export": {},
    "/lists/<list_id>/people/<subscriber_id>/forget": {},  # the person's address, which the test knows
    "/lists/<list_id>/events/remove": {},
    "/lists/<list_id>/tracking/allow": {},  # an origin that may not send yet, which the test makes
    "/lists/<list_id>/tracking/<rejection_id>": {},  # the number of a body, which the test makes
    "/lists/<list_id>/tracking/<rejection_id>/dismiss": {},
    "/lists/<list_id>/names/merge": {"name": "merged", "other": "seen"},
    "/lists/<list_id>/names/part": {"name": "old"},
    "/lists/<list_id>/names/hide": {"name": "never", "hidden": "1"},
    "/lists/<list_id>/names/describe": {"name": "never", "description": "A page was seen"},
    "/lists/<list_id>/names/delete": {"name": "never", "typed": "never"},
    "/lists/<list_id>/delete": {"Name": "Doomed"},  # a list of that name, which the test makes
    "/lists/<list_id>/goals": {},  # a name that no other goal has, which the test makes
    "/lists/<list_id>/goals/draft": {"Name": "Cart", "Event": "add_to_cart", "property": "price", "is": "is set"},
    "/lists/<list_id>/goals/<goal_id>/delete": {},
    "/lists/<list_id>/saved": {"Report": "reports.trend", "Params": "{}"},  # and a name, which the test makes
    "/lists/<list_id>/saved/<saved_report_id>": {"IsPinned": "0"},
    "/lists/<list_id>/saved/<saved_report_id>/delete": {},
    "/lists/<list_id>/links": {},
    "/lists/<list_id>/links/<share_id>/revoke": {},
    "/lists/<list_id>/mails": {"Every": "day", "At": "8", "To": "ada@example.com"},
    "/lists/<list_id>/mails/<schedule_id>/delete": {},
    "/lists/<list_id>/notes": {"At": "2026-01-31", "Text": "Release"},
    "/lists/<list_id>/notes/<annotation_id>": {"At": "2026-01-30", "Text": "Release"},
    "/lists/<list_id>/notes/<annotation_id>/delete": {},
    "/lists/<list_id>/segments/<segment_id>": {},  # as for goals
    "/lists/<list_id>/segments/<segment_id>/delete": {},
    "/lists/<list_id>/triggers": {},  # a name that no other trigger has, which the test makes
    "/lists/<list_id>/triggers/draft": {"Name": "Cart", "Event": "add_to_cart", "property": "price", "is": "is set"},
    "/lists/<list_id>/triggers/<trigger_id>": {"do": "secret"},
    "/lists/<list_id>/triggers/<trigger_id>/test": {},
    "/lists/<list_id>/triggers/<trigger_id>/delete": {},
    "/lists/<list_id>/triggers/<trigger_id>/deliveries/<delivery_id>/retry": {},
    "/lists/<list_id>/alerts": {"Kind": "silence", "Event": "never", "Is": "not seen", "To": "ada@example.com"},  # and a name
    "/lists/<list_id>/alerts/draft": {"Kind": "number", "Name": "Cart", "property": "price", "is": "is set"},
    "/lists/<list_id>/alerts/<alert_id>": {"do": "pause"},
    "/lists/<list_id>/alerts/<alert_id>/edit": {"Kind": "silence", "Name": "Changed", "Event": "never", "Is": "not seen", "To": "bea@example.com"},
    "/lists/<list_id>/alerts/<alert_id>/edit/draft": {"Kind": "number", "Name": "Cart", "property": "price", "is": "is set"},
    "/lists/<list_id>/alerts/<alert_id>/test": {},
    "/lists/<list_id>/alerts/<alert_id>/delete": {},
    "/lists/<list_id>/setup/key": {},
    "/lists/<list_id>/setup/test": {},
    "/keys": {"name": "Made", "may": "events"},
    "/keys/<prefix>/revoke": {},
}  # fmt: skip


def parts_of(account: Account) -> dict[str, Any]:
    """What stands in paths for things that are the account's own. A path with another part gets it here."""
    return {
        "list_id": account.list_id,
        "prefix": account.key.split("_")[1],
        "command": "reports.people",
        "name": "example.channels",
    }


@dataclass(frozen=True, slots=True)
class Path:
    """One route; `rule` has the parts that `at` fills in."""

    method: str
    rule: str

    def at(self, parts: Mapping[str, Any]) -> str:
        """The path of something that is there. Raises KeyError for a part that the test has nothing for."""
        path = self.rule
        for name in self.parts:
            path = path.replace(f"<{name}>", str(parts[name]))
        return path

    @property
    def parts(self) -> list[str]:
        return [part.partition(">")[0] for part in self.rule.split("<")[1:]]

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"


def missing_parts(path: Path, number: int) -> dict[str, Any]:
    """Parts of a path for things that nobody needs to have: `number` where a number stands."""
    return {name: number if name.endswith("_id") or name == "span" else "missing" for name in path.parts}


@cache
def paths() -> tuple[Path, ...]:
    """Every path of a page or form, but not the files."""
    return tuple(_paths())


def posts() -> list[Path]:
    return [path for path in paths() if path.method == "POST"]


def gets() -> list[Path]:
    return [path for path in paths() if path.method == "GET"]


def _paths() -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:  # this runs in each collection, where the document is dear
        patch.setattr("tracker.app.describe", lambda *_: {})
        app = create_app(Settings.from_environ({"TRACKER_DATABASE_URL": "sqlite:////nowhere/nothing.db"}))
    for rule in app.url_map.iter_rules():
        is_page = rule.endpoint.startswith("console.") and not rule.rule.startswith("/console/")
        if is_page and not rule.endpoint.startswith(("console.nothing", "console.wrong_method")):
            yield from (Path(method, rule.rule) for method in (rule.methods or ()) if method != "HEAD")
