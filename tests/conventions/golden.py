"""What do clients rely on? The table of commands as text: `python -m tests.conventions.golden` writes it anew.

Whoever changes a line of golden.txt changes what clients see: codes are never renumbered, names never reused.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tracker.errors import COMMON, Error
from tracker.plugins import load_commands
from tracker.registry import Command, asked_by

FILE = Path(__file__).with_suffix(".txt")
COMMAND = "python -m tests.conventions.golden"


def render() -> str:
    """Every built-in command with its addresses, permission, limit and errors, then the errors of all."""
    built_in = [entry for entry in load_commands() if entry.origin.startswith("commands/")]
    parts = [lines for entry in built_in for lines in (*_of_command(entry.command, entry.methods), "")]
    return "\n".join([*parts, "every command", *map(_of_error, COMMON.values()), ""])


def _of_command(command: type[Command], methods: tuple[str, ...]) -> Iterator[str]:
    addresses = [
        "/api.php",
        f"/api/v1/{command.name}",
        *([f"/api/v1/{command.path}"] if command.path else []),
    ]
    yield command.name
    yield f"  {' '.join(methods)}  {'  '.join(addresses)}"
    yield f"  permission: {asked_by(command)}"
    shared = command.shares_limit_of
    of_address = f", and {command.address_limit} per address" if command.address_limit else ""
    yield f"  limit: {f'that of {shared}' if shared else command.rate_limit}{of_address}"
    yield from map(_of_error, sorted(command.errors, key=lambda row: row.code))


def _of_error(row: Error) -> str:
    return f"  {row.code:>6}  {row.status}  {row.message}"


if __name__ == "__main__":
    FILE.write_text(render())
