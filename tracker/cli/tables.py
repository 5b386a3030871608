"""How does the `tracker` script show keys and commands?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import click

from tracker.limits import RateLimit
from tracker.registry import Entry, anyone
from tracker.storage.accounts import Key
from tracker.times import iso_utc


def key_row(key: Key) -> tuple[str, ...]:
    state = "active" if key.revoked_at is None else f"revoked {iso_utc(key.revoked_at)}"
    return key.prefix, iso_utc(key.created_at), state, key.permissions or "(event.track only)"


def command_row(entry: Entry, limit: RateLimit | str) -> tuple[str, ...]:
    command, asked = entry.command, entry.command.permission
    permission = "anyone" if asked is anyone else "any credential" if asked is None else str(asked)
    call = f"{command.method} /api/v1/{command.path or command.name}"
    return command.name, call, permission, str(limit), entry.origin


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Each column as wide as its widest cell."""
    table = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
