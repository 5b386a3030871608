"""What does a credential look like? Its making, and the checksum that tells a mistyped one without a query."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Iterator
from typing import NamedTuple

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: 8 characters to name a key by in public, 32 (190 bits) to know it by; 6 hold any CRC-32.
PREFIX_SIZE, SECRET_SIZE, CHECKSUM_SIZE = 8, 32, 6

_KEY = re.compile(r"trk_([0-9A-Za-z]{8})_[0-9A-Za-z]{32}([0-9A-Za-z]{6})")
_PUBLIC_ID = re.compile(r"[0-9A-Za-z_-]{16}")
_SHOWN = re.compile(rb"tr(?:k_[0-9A-Za-z]{8}_|s_)[0-9A-Za-z]{38}")
#: Credentials of one text that are looked up, and places at each of its ends that may hold one.
MAX_SHOWN, _MAX_LOOKS = 2, 8
_SESSION = re.compile(r"trs_[0-9A-Za-z]{32}([0-9A-Za-z]{6})")


class NewKey(NamedTuple):
    """`text` is the key itself, shown once; `prefix` names it for listing and revoking."""

    text: str
    prefix: str


def new_key() -> NewKey:
    """An API key: `trk_<prefix>_<secret><checksum>`."""
    prefix = _random(PREFIX_SIZE)
    return NewKey(_with_checksum(f"trk_{prefix}_{_random(SECRET_SIZE)}"), prefix)


def new_session_id() -> str:
    """A session id: `trs_<secret><checksum>`."""
    return _with_checksum(f"trs_{_random(SECRET_SIZE)}")


def new_public_id() -> str:
    """An opaque name for what browsers may know: 16 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(12)


def is_public_id(text: str) -> bool:
    return _PUBLIC_ID.fullmatch(text) is not None


def key_prefix(text: str) -> str | None:
    """The prefix of a well-formed API key; None for anything else, mistyped keys included."""
    found = _KEY.fullmatch(text)
    return found[1] if found and found[2] == checksum(text[:-CHECKSUM_SIZE]) else None


def shown_prefix(text: str) -> str:
    """The prefix in whatever shows a key's: the prefix itself, `trk_<prefix>`, or the whole key."""
    return text.removeprefix("trk_").partition("_")[0]


def is_session_id(text: str) -> bool:
    found = _SESSION.fullmatch(text)
    return bool(found) and text[-CHECKSUM_SIZE:] == checksum(text[:-CHECKSUM_SIZE])


def credentials_in(text: bytes) -> list[str]:
    """Well-formed keys and session ids that stand in a text as they are, at most MAX_SHOWN of them.

    Few places are looked at, those nearest to the ends: looking costs a stranger's megabyte 1 ms, whatever is in it.
    """
    found = (_SHOWN.match(text, at) for at in _places(text))
    shown = dict.fromkeys(match[0].decode() for match in found if match)
    return [one for one in shown if key_prefix(one) or is_session_id(one)][:MAX_SHOWN]


def _places(text: bytes) -> Iterator[int]:
    """Where the first and the last of what may be a credential begin."""
    for mark in (b"trk_", b"trs_"):
        first = text.find(mark)
        last = text.rfind(mark) if first >= 0 else first
        for _ in range(_MAX_LOOKS):
            if first < 0:
                break
            yield first
            yield last
            first, last = text.find(mark, first + 1), text.rfind(mark, 0, last)


def digest(text: str) -> bytes:
    """What is stored of a credential. One round is enough: 190 random bits cannot be guessed."""
    return hashlib.sha256(text.encode()).digest()


def checksum(text: str) -> str:
    """CRC-32 in base 62: catches every single wrong character, and all but one in 4 thousand million of other mistakes."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_SIZE):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def _with_checksum(text: str) -> str:
    return text + checksum(text)


def _random(size: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(size))
