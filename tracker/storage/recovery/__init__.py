"""Recovery: backups of a database that is written to, and their restore, all or nothing."""

from __future__ import annotations

from tracker.storage.recovery.backup import CannotBackUp, back_up
from tracker.storage.recovery.backup_folder import Backup, BackupFolder, night_of
from tracker.storage.recovery.restore import restore

__all__ = [
    "Backup",
    "BackupFolder",
    "CannotBackUp",
    "back_up",
    "night_of",
    "restore",
]
