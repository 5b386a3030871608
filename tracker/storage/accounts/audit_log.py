"""Audit log: who did what and when, written in the transaction of the change itself, never changed afterwards.

An entry has numbers and names of Tracker's own, never personal data: no network addresses, no emails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from peewee import JOIN

from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.trusted_time import trusted
from tracker.storage.schema.models import AuditRow, KeyRow
from tracker.storage.shards import HeadChange, do_at_head, tell_head

#: Bytes of a session's hash that name the session: enough to tell sessions apart, useless for opening one.
SESSION_NAME_BYTES = 8
#: Actions and objects are words and numbers of Tracker's own. An email or a person's name does not match.
MAX_OBJECT = 128
_ACTION, _OBJECT = re.compile(r"[a-z0-9_.]{1,64}"), re.compile(r"([a-z]{1,32}:[A-Za-z0-9_-]{1,64}( |$)){0,4}")
LOGIN_FAILED = "user.login.failed"
#: Anybody can make entries of failed logins: they are stored for 90 days, and each new one deletes a few old ones.
FAILED_KEPT_MS = 90 * 24 * 3600 * 1000
MAX_PURGED = 100


class Doer(Protocol):
    """The author of an action: a `Caller` is one."""

    @property
    def user_id(self) -> int | None: ...
    @property
    def key_id(self) -> int | None: ...
    @property
    def session_hash(self) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Somebody:
    """An author without a call: a login, or an operator who types `tracker …` on a user's behalf."""

    user_id: int | None
    key_id: int | None = None
    session_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`at` is UTC milliseconds; `user_id` is None for an unknown user; `key` is a prefix; `session` 16 hexadecimal digits."""

    id: int
    at: int
    user_id: int | None
    key: str | None
    session: str | None
    action: str
    object: str


_ENTRY = (
    AuditRow.id, AuditRow.at, AuditRow.user_id, KeyRow.prefix, AuditRow.session, AuditRow.action, AuditRow.object,
)  # fmt: skip


def note(
    transaction: Transaction, doer: Doer, action: str, thing: str, at: int, list_id: int | None = None
) -> None:
    """Write an entry. `action` is a command's name; `thing` is what it was done to: `list:12 subscriber:77`, or empty.

    In a transaction of a list's rows, `list_id` is the list (`storage/shards`). Raises ValueError for a thing that is not made of
    such pairs, such as an email.
    """
    if not _ACTION.fullmatch(action) or not _OBJECT.fullmatch(thing) or len(thing) > MAX_OBJECT:
        raise ValueError("an entry of the audit log is made of words and numbers: 'list:12 subscriber:77'")
    session = doer.session_hash[:SESSION_NAME_BYTES] if doer.session_hash else None
    entry = {"at": at, "user_id": doer.user_id, "key_id": doer.key_id, "action": action, "object": thing}
    if list_id is None:
        transaction.run(AuditRow.insert(session=session, **entry))
    else:
        named = None if session is None else session.hex()
        tell_head(transaction, list_id, HeadChange.AUDIT, {**entry, "session": named})


def note_failed_login(transaction: Transaction, user_id: int | None, thing: str, at: int) -> None:
    """Write an entry of a failed login, and delete old entries of that kind."""
    note(transaction, Somebody(user_id), LOGIN_FAILED, thing, at)
    is_old = (AuditRow.action == LOGIN_FAILED) & (AuditRow.at < trusted(transaction, at) - FAILED_KEPT_MS)
    old = AuditRow.select(AuditRow.id).where(is_old).order_by(AuditRow.at).limit(MAX_PURGED)
    numbers = [row[0] for row in transaction.rows(old)]
    if numbers:
        transaction.run(AuditRow.delete().where(AuditRow.id.in_(numbers)))


class Audit:
    """The audit log as commands use it."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def note(
        self, transaction: Transaction, doer: Doer, action: str, thing: str = "", list_id: int | None = None
    ) -> None:
        """Write an entry in an open transaction: it is stored if, and only if, the change is.

        In a transaction of a list's rows, `list_id` is the list.
        """
        note(transaction, doer, action, thing, self._now(), list_id)

    def page(
        self, size: int, user_id: int | None = None, before: int | None = None, deadline: float | None = None
    ) -> list[AuditEntry]:
        """Return up to `size` entries, newest first, of one user or of all; with `before` those older than that entry."""
        query = AuditRow.select(*_ENTRY).join(KeyRow, JOIN.LEFT_OUTER, on=(KeyRow.id == AuditRow.key_id))
        if user_id is not None:
            query = query.where(AuditRow.user_id == user_id)
        if before is not None:
            query = query.where(AuditRow.id < before)
        query = query.order_by(AuditRow.id.desc()).limit(size)
        if self._database.shards > 1:
            do_at_head(self._database)
        return [
            _entry(row) for row in self._database.read(lambda transaction: transaction.rows(query), deadline)
        ]


def _entry(row: tuple[Any, ...]) -> AuditEntry:
    number, at, user_id, key, session, action, thing = row
    return AuditEntry(number, at, user_id, key, session.hex() if session else None, action, thing)
