"""Share links of lists: hashed tokens that open numbers of one list to people without an account, until they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from tracker.formats.credentials import digest
from tracker.storage.accounts.list_rows import AfterRow, ListRows
from tracker.storage.accounts.list_settings import read_settings
from tracker.storage.accounts.passwords import hash_password
from tracker.storage.schema.models import ShareRow

#: Share links of one list.
MAX_SHARES = 100


@dataclass(frozen=True, slots=True)
class Share:
    """A share link. Without a `saved_report_id` it opens the overview; `rule` is the JSON of conditions that always hold.

    `ends_at` and `created_at` are UTC milliseconds; `frame_origins` are the origins that may frame the page, one a line.
    """

    id: int
    list_id: int
    saved_report_id: int | None
    rule: bytes
    ends_at: int | None
    frame_origins: bytes
    password_hash: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class OpenedShare:
    """What a token opens: the share, its list, and the saved report. `permissions` are those of the list's owner, as text."""

    id: int
    list_id: int
    list_name: str
    currency: str
    user_id: int
    permissions: str
    name: str | None
    command: str | None
    params: dict[str, Any]
    frame_origins: tuple[str, ...]
    password_hash: str | None
    token_hash: bytes


#: One look-up for all that a token opens but the currency, which the list keeps: without the list, its owner or the saved report
#: there is no row.
_OPENED = (
    "SELECT s.id, s.list_id, l.name, l.user_id, u.permissions, r.name, r.command, r.params, s.rule, s.frame_origins,"
    " s.password_hash, s.token_hash, s.saved_report_id, s.ends_at FROM shares s"
    " JOIN lists l ON l.id = s.list_id JOIN users u ON u.id = l.user_id"
    " LEFT JOIN saved_reports r ON r.list_id = s.list_id AND r.id = s.saved_report_id"
    " WHERE s.token_hash = ?"
)


class Shares(ListRows[Share]):
    """The share links of lists."""

    model, shape, most = ShareRow, Share, MAX_SHARES

    def make(
        self,
        list_id: int,
        token: str,
        password: str | None,
        columns: Mapping[str, Any],
        then: AfterRow,
        deadline: float | None = None,
    ) -> int:
        """Add a share and return its number. Raises RowRefused (TOO_MANY), StorageUnavailable."""
        secrets = {
            "token_hash": digest(token),
            "password_hash": None if password is None else hash_password(password, deadline),
        }
        return self.insert(list_id, {**columns, **secrets}, then, deadline)

    def opened(self, token: str, deadline: float | None = None) -> OpenedShare | None:
        """Return what a token opens now; None for one that is unknown, revoked or over, or whose report is gone."""
        rows = self._database.read(
            lambda transaction: transaction.select(_OPENED, (digest(token),)), deadline
        )
        if not rows:
            return None
        settings = self._database.read(partial(read_settings, list_id=rows[0][1]), deadline)
        return _opened(rows[0], settings.currency, self._now())


def fixed(params: bytes, rule: bytes) -> dict[str, Any]:
    """Return a report's parameters with the conditions of a share added to its own."""
    found: dict[str, Any] = orjson.loads(params)
    where = [*found.get("Where", []), *orjson.loads(rule)]
    return {**found, "Where": where} if where else found


def origins_of(stored: bytes) -> tuple[str, ...]:
    """Return the origins of a share's `frame_origins`."""
    return tuple(bytes(stored).decode().split("\n")) if stored else ()


def _opened(row: tuple[Any, ...], currency: str, now: int) -> OpenedShare | None:
    number, list_id, list_name, user_id, permissions, name, command, params = row[:8]
    rule, origins, password_hash, token_hash, saved_report_id, ends_at = row[8:]
    if (ends_at is not None and ends_at <= now) or (saved_report_id is not None and command is None):
        return None
    return OpenedShare(
        number,
        list_id,
        _text(list_name) or "",
        currency,
        user_id,
        _text(permissions) or "",
        _text(name),
        _text(command),
        fixed(bytes(params or b"{}"), bytes(rule)),
        origins_of(origins),
        _text(password_hash),
        bytes(token_hash),
    )


def _text(stored: Any) -> str | None:
    return None if stored is None else bytes(stored).decode()
