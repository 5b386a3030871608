"""URL scrubbing: credentials, secrets and addresses of people are left out of the addresses of pages.

An address is a page's, and says what it likes: a link that resets a password, an answer of OAuth, an unsubscribing mail.
Nothing here is refused, and what has nothing to hide stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

#: The names of query parameters that are left out unless a list says otherwise. `*` stands for anything before the rest.
DEFAULT_HIDDEN = (
    "*token", "code", "key", "*apikey", "*secret", "*signature", "sig", "hmac", "*credential", "auth", "authorization", "jwt",
    "assertion", "SAMLResponse", "ticket", "oauth_verifier", "otp", "*password", "passwd", "passphrase", "pass", "pwd", "reset",
    "session", "sessionid", "PHPSESSID", "jsessionid", "sid", "*email", "mail", "phone", "phone_number",
)  # fmt: skip
#: With this name hidden, values that are email addresses are, too.
_EMAIL = "email"
_USER_INFO = re.compile(r"^([^/?#]*//)[^/?#]*@")
#: Between the parts of a query or a route, as they are and as they stand in an address inside an address.
_SEPARATOR = re.compile(r"([?&;/!]|%(?:25)*(?:3[Ff]|26|3[Bb]|2[Ff]|23))")
_ENDS = frozenset(("&", ";", "26", "3B", "3b"))
_EQUALS = re.compile(r"%(?:25)*3[Dd]")
_ADDRESS = re.compile(r"[^@](?:@|%(?:25)*40)(?:[\w-]{1,63}\.)+[A-Za-z]{2}")
#: Parts of an address that are looked at; what comes after them is left out with what is hidden. Pages have dozens.
MAX_PARTS = 500
_JOINTS = str.maketrans("", "", "-_")


class Hidden:
    """The names of parameters to leave out, in any letter case, with `-` and `_` or without."""

    def __init__(self, names: tuple[str, ...]) -> None:
        folded = [_folded(name) for name in names]
        self._exact = frozenset(folded)
        self._endings = tuple(name[1:] for name in folded if name.startswith("*"))
        self._stems = tuple({name.removeprefix("*") for name in folded})
        self._has_addresses = self._has(_EMAIL)

    def may_be_in(self, text: str) -> bool:
        """Whether it is worth the while to look at each part of a text: nearly all have nothing to hide."""
        if self._has_addresses and ("@" in text or "40" in text):
            return True
        folded = _folded(unquote(unquote(text)) if "%" in text else text)
        return any(stem in folded for stem in self._stems)

    def is_in(self, part: str, name: str) -> bool:
        """Whether a part of a query, whose name this is, is to be left out."""
        if name and any(self._has(_folded(each)) for each in _names_in(name)):
            return True
        return self._has_addresses and ("@" in part or "40" in part) and _ADDRESS.search(part) is not None

    def _has(self, folded: str) -> bool:
        return folded in self._exact or folded.endswith(self._endings)


@lru_cache(maxsize=256)
def hidden(names: tuple[str, ...] | None) -> Hidden:
    """The parameters that a list hides; None: those of every list."""
    return Hidden(DEFAULT_HIDDEN if names is None else names)


def scrubbed(address: str, names: Hidden) -> str:
    """The address without a user's name and password, hidden parameters, and fragments that are no routes (`#/`, `#!`)."""
    page, _, fragment = address.partition("#")
    if "@" in page:
        page = _USER_INFO.sub(r"\1", page)
    path, mark, query = page.partition("?")
    cleaned = _without(query, names, "?")
    if cleaned or not query:  # an address that has nothing to hide stays byte for byte
        path += mark + cleaned
    if not fragment.startswith(("/", "!")):
        return path
    return f"{path}#{fragment[0]}{_without(fragment[1:], names)}"


def _without(text: str, names: Hidden, nested: str | None = None) -> str:
    """A query or a route without its hidden parameters. `nested` begins no query of its own: it stands in a value."""
    if not names.may_be_in(text):
        return text
    split = _SEPARATOR.split(text, MAX_PARTS)
    return "".join(_kept(split if len(split) <= 2 * MAX_PARTS else split[:-2], names, nested))


def _kept(split: list[str], names: Hidden, nested: str | None) -> Iterator[str]:
    """The separators and parts that stay. `split` has a separator at every odd place."""
    hidden_after: str | None = None
    depth = 0
    for separator, part in zip(["", *split[1::2]], split[::2], strict=True):
        if hidden_after is not None:
            if not _is_end(separator, depth):
                continue
            if hidden_after != nested and _depth(hidden_after) == _depth(separator):
                separator = hidden_after  # the next parameter is the first one now
        name, equals = _name(part)
        if names.is_in(part, name):
            hidden_after, depth = separator, _depth(equals)
        else:
            hidden_after = None
            yield separator + part


def _name(part: str) -> tuple[str, str]:
    """The name before the equals sign, and how the sign is written."""
    name, equals, _ = part.partition("=")
    if "%" in name and (encoded := _EQUALS.search(name)):
        return name[: encoded.start()], encoded[0]
    return (name, equals) if equals else ("", "")


def _is_end(separator: str, depth: int) -> bool:
    """Whether the value of a hidden parameter is over: what is encoded more often than its equals sign belongs to it."""
    return _depth(separator) <= depth and separator[-2:] in _ENDS


def _depth(mark: str) -> int:
    """How often a mark is percent-encoded: `&` is not, `%26` once, `%2526` twice."""
    return len(mark) // 2


def _names_in(name: str) -> list[str]:
    """`user` and `email` of `user[email]`, `token` of `token[]`."""
    if "%" in name:
        name = unquote(unquote(name))
    return [part.rstrip("]") for part in name.split("[")] if "[" in name else [name]


def _folded(name: str) -> str:
    return name.strip().lower().translate(_JOINTS)
