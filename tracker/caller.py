"""Who is calling, and what may they do? A value without behaviour towards any store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

#: In a permission set: all permissions but those of administrators' commands.
EVERYTHING = "*"
#: What a key of an administrator needs by name to call administrators' commands: `*` does not hold it.
ADMINISTRATOR = "Administrator"
#: The name of a permission: visible ASCII but the comma, which separates names in a set.
PERMISSION: Final = re.compile(r"[!-+\--~]+")


@dataclass(frozen=True, slots=True)
class Sender:
    """What a request tells of the program that sent it. `origin` is that of the page it was sent by, if it was one.

    `is_prefetch`: a browser fetches in advance what nobody may ever look at. `last_event_id` is what a browser says that
    comes again to a stream of events: the `id` of the last one it has. `is_image`: it asked for the picture of a mail.
    """

    user_agent: str = ""
    origin: str | None = None
    has_privacy_signal: bool = False
    is_prefetch: bool = False
    last_event_id: str | None = None
    is_image: bool = False


UNKNOWN = Sender()


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller of one request; `user_id` is None for a command that anyone may call.

    `is_admin` says that administrators' commands may be called: the user is an administrator, who has logged in with
    the password or calls with a key that has the permission `Administrator`.
    A caller by a list's public id has its `list_id` and may do nothing but what that id allows; `user_id` is its owner.
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

    def calling_from(self, address: str, request_id: str, sender: Sender = UNKNOWN) -> Caller:
        """This caller with where the call comes from."""
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
        )

    def may(self, permission: str) -> bool:
        return EVERYTHING in self.permissions or permission in self.permissions

    def may_give(self, permissions: str) -> bool:
        """Whether a key with this set of permissions could do nothing that this caller cannot."""
        asked = parse_permissions(permissions)
        has_all = EVERYTHING in self.permissions or asked - {ADMINISTRATOR} <= self.permissions
        return has_all and (self.is_admin or ADMINISTRATOR not in asked)


def parse_permissions(text: str) -> frozenset[str]:
    """Read a stored permission set: comma-separated names, or `*` for all."""
    return frozenset(name.strip() for name in text.split(",") if name.strip())
