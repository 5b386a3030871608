"""How does the `tracker` script show keys and commands?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from tracker.rate_limits import RateLimit
from tracker.registry import Entry, asked_by
from tracker.storage.accounts import AuditEntry, Key
from tracker.times import iso_utc


def key_row(key: Key) -> tuple[str, ...]:
    state = "active" if key.revoked_at is None else f"revoked {iso_utc(key.revoked_at)}"
    permissions = key.permissions or "(event.track only)"
    return key.prefix, iso_utc(key.created_at), state, permissions, key.name or ""


def audit_row(entry: AuditEntry) -> tuple[str, ...]:
    who = "-" if entry.user_id is None else str(entry.user_id)
    return str(entry.id), iso_utc(entry.at), who, _by(entry), entry.action, entry.object


def _by(entry: AuditEntry) -> str:
    """With which credential; a login that failed has none, and neither has the script."""
    credentials = (("key", entry.key), ("session", entry.session))
    return ", ".join(f"{kind} {name}" for kind, name in credentials if name) or "-"


def command_row(entry: Entry, limit: RateLimit | str) -> tuple[str, ...]:
    command = entry.command
    call = f"{command.method} /api/v1/{command.path or command.name}"
    return command.name, call, asked_by(command), str(limit), entry.origin


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Each column as wide as its widest cell."""
    table = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
