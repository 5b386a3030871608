"""Credential formats: API keys, session ids, share tokens and public ids, with a checksum that finds a mistyped one without a query."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
import zlib
from collections.abc import Iterator
from typing import NamedTuple

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
#: Characters: 8 name a key in public, 32 (190 bits) are its secret, 6 hold any CRC-32.
PREFIX_SIZE, SECRET_SIZE, CHECKSUM_SIZE = 8, 32, 6

_KEY = re.compile(r"trk_([0-9A-Za-z]{8})_[0-9A-Za-z]{32}([0-9A-Za-z]{6})")
_PUBLIC_ID = re.compile(r"[0-9A-Za-z_-]{16}")
_SHOWN = re.compile(rb"tr(?:k_[0-9A-Za-z]{8}_|s_)[0-9A-Za-z]{38}")
#: Credentials of one text that are looked up, and candidates examined from each end of it.
MAX_SHOWN, _MAX_LOOKS = 2, 8
#: Characters of a share token's secret (214 bits): with the checksum the token is longer than any part of a path that is logged.
SHARE_SIZE = 36
_SHARE = re.compile(r"[0-9A-Za-z]{42}")
#: RFC 6750, 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_SESSION = re.compile(r"trs_[0-9A-Za-z]{32}([0-9A-Za-z]{6})")


class NewKey(NamedTuple):
    """`text` is the key itself, shown once; `prefix` names it for listing and revoking."""

    text: str
    prefix: str


def new_key() -> NewKey:
    """Return a new API key: `trk_<prefix>_<secret><checksum>`."""
    prefix = _random(PREFIX_SIZE)
    return NewKey(_with_checksum(f"trk_{prefix}_{_random(SECRET_SIZE)}"), prefix)


def new_session_id() -> str:
    """Return a new session id: `trs_<secret><checksum>`."""
    return _with_checksum(f"trs_{_random(SECRET_SIZE)}")


def new_share_token() -> str:
    """Return a new token of a share link, which stands in its address."""
    return _with_checksum(_random(SHARE_SIZE))


def is_share_token(text: str) -> bool:
    return _SHARE.fullmatch(text) is not None and text[-CHECKSUM_SIZE:] == checksum(text[:-CHECKSUM_SIZE])


def new_public_id() -> str:
    """Return a new public id, which browsers may know: 16 characters that need no escaping anywhere."""
    return secrets.token_urlsafe(12)


def is_public_id(text: str) -> bool:
    return _PUBLIC_ID.fullmatch(text) is not None


def key_prefix(text: str) -> str | None:
    """Return the prefix of a well-formed API key, or None for anything else, mistyped keys included."""
    found = _KEY.fullmatch(text)
    return found[1] if found and found[2] == checksum(text[:-CHECKSUM_SIZE]) else None


def shown_prefix(text: str) -> str:
    """Return the prefix from the prefix itself, from `trk_<prefix>`, or from the whole key."""
    return text.removeprefix("trk_").partition("_")[0]


def is_session_id(text: str) -> bool:
    found = _SESSION.fullmatch(text)
    return bool(found) and text[-CHECKSUM_SIZE:] == checksum(text[:-CHECKSUM_SIZE])


def credentials_in(text: bytes) -> list[str]:
    """Return the well-formed keys and session ids in a text, at most MAX_SHOWN.

    Only the candidates nearest to the ends are examined, so that a stranger's megabyte costs 1 ms at most, whatever it holds.
    """
    found = (_SHOWN.match(text, at) for at in _places(text))
    shown = dict.fromkeys(match[0].decode() for match in found if match)
    return [one for one in shown if key_prefix(one) or is_session_id(one)][:MAX_SHOWN]


def _places(text: bytes) -> Iterator[int]:
    """Yield the positions of the first and the last candidates for a credential."""
    for mark in (b"trk_", b"trs_"):
        first = text.find(mark)
        last = text.rfind(mark) if first >= 0 else first
        for _ in range(_MAX_LOOKS):
            if first < 0:
                break
            yield first
            yield last
            first, last = text.find(mark, first + 1), text.rfind(mark, 0, last)


def bearer_token(header: str | None) -> str | None:
    """Return the token; "" (which is no key) for an unreadable header; None for another scheme or no header.

    Another scheme with its credentials, such as the Basic of a proxy in front, does not hide an APIKey.
    """
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer":
        return None if token else ""
    return token if _TOKEN.fullmatch(token) else ""


def digest(text: str) -> bytes:
    """Return the SHA-256 that is stored of a credential. One round is enough: 190 random bits cannot be guessed."""
    return hashlib.sha256(text.encode()).digest()


def checksum(text: str) -> str:
    """Return the CRC-32 in base 62: it catches every single wrong character, and all but one in 2^32 of other mistakes."""
    number, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_SIZE):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def _with_checksum(text: str) -> str:
    return text + checksum(text)


def _random(size: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(size))
