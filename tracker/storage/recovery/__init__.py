"""Recovery: backups of a database that is written to, and their restore, all or nothing."""

from __future__ import annotations

from tracker.storage.recovery.backup import back_up
from tracker.storage.recovery.restore import restore

__all__ = [
    "back_up",
    "restore",
]
