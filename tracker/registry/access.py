"""Permission check: whether a caller has the permission that a command asks for."""

from __future__ import annotations

from tracker.caller import Caller
from tracker.registry.command import Command, administrator


def is_open_to(command: type[Command], caller: Caller) -> bool:
    """Whether the caller has the permission that the command asks for. A share link opens reports and nothing else."""
    if caller.share_id is not None and not command.is_report:
        return False
    if isinstance(command.permission, str):
        return caller.may(command.permission)
    return caller.is_admin if command.permission is administrator else True


def asked_by(command: type[Command]) -> str:
    """Return who may call the command, in words: the name of the permission, or what stands in its place."""
    return "any credential" if command.permission is None else str(command.permission)
