"""Demo account: a user, a list and a key, made once on an empty database, and curl lines to paste."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass

from tracker.services import Stores

EMAIL = "demo@example.com"
LIST_NAME = "Demo"
PERMISSIONS = (
    "Subscribers.Get,Subscribers.Import,Subscriber.Update,Subscribers.Delete,"
    "CustomField.Create,CustomFields.Get,CustomFields.Delete,List.Create,List.Get,Lists.Get,Reports.Get"
)
EVENT = {
    "Event": "page_view",
    "Email": "jane@example.com",
    "Properties": {"$page_title": "Home", "plan": "free"},
}


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo account that was just made; password and key are known only now."""

    password: str
    key: str
    list_id: int

    def text(self, url: str) -> str:
        """Return the text to print: each curl line works when pasted into a shell."""
        header = f"-H 'Authorization: Bearer {self.key}'"
        event = json.dumps({**EVENT, "ListID": self.list_id})
        return (
            "A demo account was made. Its password and key are shown this once.\n"
            f"  Username  {EMAIL}\n"
            f"  Password  {self.password}\n"
            f"  ListID    {self.list_id}\n"
            f"  API key   {self.key}\n\n"
            "Track an event, then see what was found in it:\n\n"
            f"curl -X POST {url}/api/v1/event {header} -H 'Content-Type: application/json' -d '{event}'\n\n"
            f"curl '{url}/api/v1/website_events.properties?ListID={self.list_id}' {header}\n"
        )


def make_demo(stores: Stores) -> Demo | None:
    """Make the demo account if there is no user yet. Returns None if there is one."""
    if stores.users.has_any():
        return None
    password = secrets.token_urlsafe(12)
    user_id = stores.users.add(EMAIL, password)
    list_id = stores.lists.add(user_id, LIST_NAME)
    return Demo(password, stores.keys.add(user_id, PERMISSIONS), list_id)


def demo_list(stores: Stores, user_id: int) -> int:
    """Return the user's list for made-up traffic: the first named Demo, or a new one."""
    lists = stores.lists.page(user_id, search=LIST_NAME).lists
    found = next((each.id for each, _ in lists if each.name == LIST_NAME), None)
    return stores.lists.add(user_id, LIST_NAME) if found is None else found
