"""Who is calling, and what may they do? A value without behaviour towards any store."""

from __future__ import annotations

from dataclasses import dataclass

#: In a permission set: all permissions but those of administrators' commands.
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller of one request; `user_id` is None for a command that anyone may call."""

    user_id: int | None
    permissions: frozenset[str] = frozenset()
    key_id: int | None = None
    session_hash: bytes | None = None
    address: str = ""
    request_id: str = ""

    def calling_from(self, address: str, request_id: str) -> Caller:
        """This caller with where the call comes from."""
        return Caller(self.user_id, self.permissions, self.key_id, self.session_hash, address, request_id)

    def may(self, permission: str) -> bool:
        return EVERYTHING in self.permissions or permission in self.permissions


def parse_permissions(text: str) -> frozenset[str]:
    """Read a stored permission set: comma-separated names, or `*` for all."""
    return frozenset(name.strip() for name in text.split(",") if name.strip())
