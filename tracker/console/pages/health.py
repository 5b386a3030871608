"""Health page at `/console/health`: whether Tracker runs well, for administrators."""

from __future__ import annotations

from flask import render_template

from tracker.console.check_words import in_words
from tracker.console.client import ask
from tracker.console.page_context import Route

#: Checks in the words of the page.
TITLES = {
    "Backup": "Backups",
    "Workers": "Workers live",
    "Queue": "Writing keeps up",
    "Disk": "Room on the disk",
    "Log": "Write-ahead log",
    "Jobs": "Long work goes on",
    "Mails": "Mails are sent",
    "Reports": "Reports are answered",
    "Writers": "One writer node",
    "RateLimits": "Rate limits are counted",
    "Versions": "Versions",
}


def show() -> str:
    found = ask("health.get")
    return render_template("health.html", state=found["State"], checks=in_words(found["Checks"], TITLES))


ROUTES = (Route("GET", "/console/health", show),)
