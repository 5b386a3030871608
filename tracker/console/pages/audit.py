"""Audit page at `/audit`: actions in the user's name, newest first."""

from __future__ import annotations

from flask import render_template, request

from tracker.console.client import ask
from tracker.console.page_context import Route

ENTRIES_PER_PAGE = 50
#: The words for each action.
WORDS = {
    "apikey.create": "Key made",
    "apikey.revoke": "Key revoked",
    "customfield.delete": "Custom field deleted",
    "subscriber.delete": "Person deleted",
    "subscriber.export": "Person exported",
    "subscriber.forget": "Person forgotten",
    "trigger.paused": "Trigger paused by itself",
    "user.create": "Account made",
    "user.login": "Signed in",
    "user.login.failed": "Sign-in failed",
    "user.password": "Password changed",
}


def show() -> str:
    """Render a page of entries; one entry more than it shows tells whether there is another page."""
    before = request.args.get("before", "0")
    found = ask("audit.get", RecordsPerRequest=ENTRIES_PER_PAGE + 1, BeforeEntryID=before)["Entries"]
    entries = found[:ENTRIES_PER_PAGE]
    following = entries[-1]["EntryID"] if len(found) > len(entries) else None
    return render_template(
        "audit.html",
        area="keys",
        entries=entries,
        words=WORDS,
        following=following,
        is_first=before == "0",
    )


ROUTES = (Route("GET", "/audit", show),)
