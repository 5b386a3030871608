"""URL scrubbing: removes credentials, secrets and email addresses from the URLs of pages.

The URL of a page can hold anything: a password reset link, an OAuth answer, an unsubscribe link of a mail. Nothing is
refused, and a URL without anything to hide stays byte for byte.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

#: Names of query parameters that are removed unless a list has names of its own. A leading `*` stands for any beginning.
DEFAULT_HIDDEN = (
    "*token", "code", "key", "*apikey", "*secret", "*signature", "sig", "hmac", "*credential", "auth", "authorization", "jwt",
    "assertion", "SAMLResponse", "ticket", "oauth_verifier", "otp", "*password", "passwd", "passphrase", "pass", "pwd", "reset",
    "session", "sessionid", "PHPSESSID", "jsessionid", "sid", "*email", "mail", "phone", "phone_number",
)  # fmt: skip
#: While this name is hidden, values that are email addresses are hidden too.
_EMAIL = "email"
_USER_INFO = re.compile(r"^([^/?#]*//)[^/?#]*@")
#: Separators of a query or a route, plain and percent-encoded as in a URL inside a URL.
_SEPARATOR = re.compile(r"([?&;/!]|%(?:25)*(?:3[Ff]|26|3[Bb]|2[Ff]|23))")
_ENDS = frozenset(("&", ";", "26", "3B", "3b"))
_EQUALS = re.compile(r"%(?:25)*3[Dd]")
_ADDRESS = re.compile(r"[^@](?:@|%(?:25)*40)(?:[\w-]{1,63}\.)+[A-Za-z]{2}")
#: Parts of a URL that are examined; the parts after them are removed like hidden ones. Pages have dozens.
MAX_PARTS = 500
#: How a text begins that is an address, one of the same host, or a query, and an address as the value of an attribute.
_WHOLE_ADDRESS = re.compile(r"https?://|[/?]\S*\Z", re.IGNORECASE)
_ATTRIBUTE = re.compile(r'(?<==")(?:https?:/)?/[^\s"]*', re.IGNORECASE)
#: Addresses that are remembered to hide nothing, and how long one may be for that.
MAX_REMEMBERED, MAX_REMEMBERED_CHARACTERS = 1_000, 500
_JOINTS = str.maketrans("", "", "-_")


class Hidden:
    """The names of parameters to remove, in any letter case, with or without `-` and `_`."""

    def __init__(self, names: tuple[str, ...]) -> None:
        folded = [_folded(name) for name in names]
        self._exact = frozenset(folded)
        self._endings = tuple(name[1:] for name in folded if name.startswith("*"))
        self._stems = tuple({name.removeprefix("*") for name in folded})
        self._has_addresses = self._has(_EMAIL)

    def may_be_in(self, text: str) -> bool:
        """Return whether the parts of a text must be examined one by one: nearly all texts have nothing to hide."""
        if self._has_addresses and ("@" in text or "40" in text):
            return True
        folded = _folded(unquote(unquote(text)) if "%" in text else text)
        return any(stem in folded for stem in self._stems)

    def is_in(self, part: str, name: str) -> bool:
        """Return whether a part of a query, with this name, is to be removed."""
        if name and any(self._has(_folded(each)) for each in _names_in(name)):
            return True
        return self._has_addresses and ("@" in part or "40" in part) and _has_address(part)

    def _has(self, folded: str) -> bool:
        return folded in self._exact or folded.endswith(self._endings)


def _has_address(part: str) -> bool:
    """Return whether an email address stands in a part, as it is or with any of its characters percent-encoded."""
    if _ADDRESS.search(part) is not None:
        return True
    return "%" in part and _ADDRESS.search(unquote(unquote(part))) is not None


@lru_cache(maxsize=256)
def hidden(names: tuple[str, ...] | None) -> Hidden:
    """Return the parameters that a list hides; None stands for DEFAULT_HIDDEN."""
    return Hidden(DEFAULT_HIDDEN if names is None else names)


#: Visitors see the same pages, and SDKs say the address of each in several properties. What hides something is not kept here.
_clean: set[tuple[str, Hidden]] = set()


def scrubbed(address: str, names: Hidden) -> str:
    """Return the URL without user name and password, hidden parameters, and fragments that are no routes (`#/`, `#!`)."""
    if not _may_hide(address):
        return address
    if (address, names) in _clean:
        return address
    found = _scrubbed(address, names)
    if found == address and len(address) <= MAX_REMEMBERED_CHARACTERS:
        if len(_clean) >= MAX_REMEMBERED:
            _clean.clear()
        _clean.add((address, names))
    return found


def _may_hide(text: str) -> bool:
    """Return whether there may be a query, a fragment, or a user name."""
    return "?" in text or "#" in text or "@" in text


def _scrubbed(address: str, names: Hidden) -> str:
    page, _, fragment = address.partition("#")
    if "@" in page:
        page = _USER_INFO.sub(r"\1", page)
    path, mark, query = page.partition("?")
    cleaned = _without(query, names, "?")
    if cleaned or not query:  # a URL that has nothing to hide stays byte for byte
        path += mark + cleaned
    if not fragment.startswith(("/", "!")):
        return path
    return f"{path}#{fragment[0]}{_without(fragment[1:], names)}"


def scrubbed_within(value: Any, names: Hidden) -> Any:
    """Return the value with every address and query in it scrubbed: the same object where there is nothing to hide.

    An address is a text that begins as one does, and one in an attribute of an element in a text.
    """
    if isinstance(value, str):
        return _scrubbed_text(value, names) if _may_hide(value) else value
    if isinstance(value, dict):
        changed = {
            name: clean
            for name, each in value.items()
            if (each.__class__ is not str or _may_hide(each))
            and (clean := scrubbed_within(each, names)) is not each
        }
        return {**value, **changed} if changed else value
    if isinstance(value, list):
        items = [scrubbed_within(each, names) for each in value]
        return items if any(map(operator.is_not, items, value)) else value
    return value


def _scrubbed_text(text: str, names: Hidden) -> str:
    if _WHOLE_ADDRESS.match(text):
        clean = scrubbed(text, names)
    else:
        clean = _ATTRIBUTE.sub(lambda found: scrubbed(found[0], names), text)
    return text if clean == text else clean


def _without(text: str, names: Hidden, nested: str | None = None) -> str:
    """Return a query or a route without its hidden parameters. `nested` is a separator that inside a value begins no query."""
    if not names.may_be_in(text):
        return text
    split = _SEPARATOR.split(text, MAX_PARTS)
    return "".join(_visible(split if len(split) <= 2 * MAX_PARTS else split[:-2], names, nested))


def _visible(split: list[str], names: Hidden, nested: str | None) -> Iterator[str]:
    """Yield the separators and parts that stay. `split` has a separator at every odd index."""
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
    """Return the name before the equals sign, and the sign as it is written."""
    name, equals, _ = part.partition("=")
    if "%" in name and (encoded := _EQUALS.search(name)):
        return name[: encoded.start()], encoded[0]
    return (name, equals) if equals else ("", "")


def _is_end(separator: str, depth: int) -> bool:
    """Return whether the value of a hidden parameter ends here: a separator encoded deeper than its equals sign does not."""
    return _depth(separator) <= depth and separator[-2:] in _ENDS


def _depth(mark: str) -> int:
    """Return how often a mark is percent-encoded: `&` 0 times, `%26` once, `%2526` twice."""
    return len(mark) // 2


def _names_in(name: str) -> list[str]:
    """Return the names in a nested name: `user` and `email` of `user[email]`, `token` of `token[]`."""
    if "%" in name:
        name = unquote(unquote(name))
    return [part.rstrip("]") for part in name.split("[")] if "[" in name else [name]


def _folded(name: str) -> str:
    return name.strip().lower().translate(_JOINTS)
