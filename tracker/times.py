"""How is a time spelled on the wire? Inside, times are UTC milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso_utc(milliseconds: int) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-01-31T09:30:00.125Z`."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
