"""Hung server: a process of reports that answers nothing any more is ended, so that another one can take its place."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tracker.analytics.process.reports_setup import LOCK, SERVER


def end_server(peer: tuple[int, int], folder: Path) -> bool:
    """Kill a process, if it is the server of this folder and this user's own; return whether it is.

    `peer` is what its socket says (`peer_of`). It is held by a descriptor from before it is looked at: another process
    that is given the number later is not killed.
    """
    process, user = peer
    if user != os.getuid() or process <= 1:
        return False
    try:
        held = os.pidfd_open(process)
    except ProcessLookupError:  # it has ended by itself
        return False
    try:
        if not _is_server(process, folder):
            return False
        signal.pidfd_send_signal(held, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    finally:
        os.close(held)
    return True


def server_of(folder: Path) -> int:
    """Return the process that the folder's lock names, if it lives and is a server; else 0. It may listen no more."""
    try:
        named = int(folder.joinpath(LOCK).read_text())
    except (OSError, ValueError):
        return 0
    return named if _is_server(named, folder) else 0


def _is_server(process: int, folder: Path) -> bool:
    """Return whether the folder's lock names the process, and its command line the server."""
    try:
        named = folder.joinpath(LOCK).read_text().strip()
        arguments = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return named == str(process) and SERVER.encode() in arguments
