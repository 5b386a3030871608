"""Email hashes: the SHA-256 hashes that name an address. Clients seldom hash the spelling that is stored."""

from __future__ import annotations

import hashlib
from enum import IntEnum


class Form(IntEnum):
    """How an address was spelled when it was hashed, in the order in which hashes are compared."""

    AS_HELD = 1  # trimmed, case kept
    LOWER_CASE = 2
    PROVIDER = 3  # the spelling under which its provider knows the mailbox


#: Providers that deliver `name+tag` to `name`, as their help pages say, by the domains of their free accounts:
#: Google, Microsoft, Apple, Fastmail, Proton, Yandex.
_PLUS_TAGS = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com",
    "mac.com", "fastmail.com", "fastmail.fm", "proton.me", "protonmail.com", "pm.me", "yandex.com", "yandex.ru", "ya.ru",
))  # fmt: skip
#: Google's accounts have two domains, and dots in the names are ignored.
_GOOGLE = frozenset(("gmail.com", "googlemail.com"))


def email_hashes(shown: str) -> dict[bytes, Form]:
    """Return {32 bytes: form} of a stored address; equal hashes have the first form.

    That is enough: an earlier form decides before a later one is compared.
    """
    lower = shown.lower()
    found: dict[bytes, Form] = {}
    for form, spelled in zip(Form, (shown, lower, _as_provider(lower)), strict=True):
        found.setdefault(hashlib.sha256(spelled.encode()).digest(), form)
    return found


def _as_provider(address: str) -> str:
    name, _, domain = address.rpartition("@")
    if domain in _PLUS_TAGS:
        name = name.partition("+")[0] or name
    if domain in _GOOGLE:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"
