"""Callers: who sent a call, and with which permissions. Values, without access to any store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

#: In a permission set: all permissions except those of administrators' commands.
EVERYTHING = "*"
#: The permission that an administrator's key needs by name to call administrators' commands: `*` does not include it.
ADMINISTRATOR = "Administrator"
#: The name of a permission: visible ASCII except the comma, which separates names in a set.
PERMISSION: Final = re.compile(r"[!-+\--~]+")

#: Where a credential was sent that is not read. Fixed words: what stands there is a secret.
Misplaced = Literal["Basic", "another scheme", "X-API-Key"]


@dataclass(frozen=True, slots=True)
class Sender:
    """The program that sent a request, as its headers describe it. `origin` is that of the page which sent it, if any.

    `is_prefetch`: a browser fetches the page in advance, and perhaps nobody looks at it. `last_event_id` is the `id` of the
    last event that a browser has when it reconnects to a stream. `is_image`: the request is for the pixel of a mail.
    `is_sdk`: another tracker's SDK sent it, whose properties have no meaning for Tracker.
    """

    user_agent: str = ""
    origin: str | None = None
    has_privacy_signal: bool = False
    is_prefetch: bool = False
    last_event_id: str | None = None
    is_image: bool = False
    is_sdk: bool = False


UNKNOWN = Sender()


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller of one request; `user_id` is None for a command that anyone may call.

    `is_admin`: administrators' commands may be called, since the user is an administrator who has logged in with
    the password or calls with a key that has the permission `Administrator`.
    A caller by a list's public id has its `list_id` and may do only what that id allows; `user_id` is the list's owner.
    A caller by a share link has its `share_id` too, and may ask the reports of that one list.
    """

    user_id: int | None
    permissions: frozenset[str] = frozenset()
    key_id: int | None = None
    session_hash: bytes | None = None
    address: str = ""
    request_id: str = ""
    is_admin: bool = False
    list_id: int | None = None
    sender: Sender = UNKNOWN
    share_id: int | None = None

    def calling_from(self, address: str, request_id: str, sender: Sender = UNKNOWN) -> Caller:
        """Return this caller with the address, request id and sender of a call."""
        user_id, permissions, key_id = self.user_id, self.permissions, self.key_id
        return Caller(
            user_id,
            permissions,
            key_id,
            self.session_hash,
            address,
            request_id,
            self.is_admin,
            self.list_id,
            sender,
            self.share_id,
        )

    def as_share(self, list_id: int, share_id: int, permissions: frozenset[str]) -> Caller:
        """Return the caller of a share link that this caller makes: it may ask reports of one list."""
        return Caller(self.user_id, permissions, list_id=list_id, share_id=share_id)

    def may(self, permission: str) -> bool:
        return EVERYTHING in self.permissions or permission in self.permissions

    def may_give(self, permissions: str) -> bool:
        """Whether a key with this set of permissions could do only what this caller can."""
        wanted = parse_permissions(permissions)
        has_all = EVERYTHING in self.permissions or wanted - {ADMINISTRATOR} <= self.permissions
        return has_all and (self.is_admin or ADMINISTRATOR not in wanted)


def parse_permissions(text: str) -> frozenset[str]:
    """Read a stored permission set: names separated by commas, or `*` for all."""
    return frozenset(name.strip() for name in text.split(",") if name.strip())
