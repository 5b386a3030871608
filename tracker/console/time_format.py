"""How is a time written for those whose browser runs no script? Scripts show it in the reader's own zone."""

from __future__ import annotations

from datetime import datetime


def moment(iso: str) -> str:
    """`2026-01-31T09:30:00.125Z` as `31 Jan 2026, 09:30 UTC`."""
    return f"{datetime.fromisoformat(iso):%-d %b %Y, %H:%M} UTC"
