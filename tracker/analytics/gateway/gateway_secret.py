"""Gateway secret: a line in a file that only its owner reads, the same on every instance that asks or answers."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from pathlib import Path

from tracker.private_file import open_private

#: Random bytes of a secret that is made here, and the characters that any has at least and at most.
SECRET_BYTES, LEAST_CHARACTERS, MOST_CHARACTERS = 32, 32, 1000


def read_secret(file: Path) -> str:
    """Return the secret in a file. Raises ValueError with a text that names the file, never what is in it."""
    try:
        with file.open("rb") as opened:
            mode = file.stat().st_mode
            read = opened.read(MOST_CHARACTERS + 2).strip()
    except OSError as failure:
        raise ValueError(f"names {file}, which cannot be read: {failure.strerror}") from None
    if mode & 0o077:
        raise ValueError(f"names {file}, which others than its owner may read: chmod 600 {file}")
    is_text = read.isascii() and all(32 < each < 127 for each in read)
    if not is_text or not LEAST_CHARACTERS <= len(read) <= MOST_CHARACTERS:
        raise ValueError(f"names {file}, in which there is no line of {LEAST_CHARACTERS} characters or more")
    return read.decode()


def make_secret(file: Path) -> bool:
    """Make a file with a new secret, unless there is one; return whether it was made. Raises OSError."""
    with suppress(FileExistsError), open_private(file, "x") as made:
        made.write(f"{secrets.token_hex(SECRET_BYTES)}\n")
        return True
    return False


def is_secret(header: str, secret: str) -> bool:
    """Return whether an Authorization header has the secret. How long that takes tells nothing of it."""
    sent, right = (hashlib.sha256(each.encode()).digest() for each in (header, authorization(secret)))
    return hmac.compare_digest(sent, right)


def authorization(secret: str) -> str:
    """Return the value of the header that has the secret."""
    return f"Bearer {secret}"
