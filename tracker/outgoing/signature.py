"""Signatures of outgoing requests in the form of Standard Webhooks: HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

#: Bytes of a secret.
SECRET_BYTES = 32
_PREFIX = "whsec_"


def new_secret() -> bytes:
    """Return a random secret."""
    return secrets.token_bytes(SECRET_BYTES)


def shown_secret(secret: bytes) -> str:
    """Return a secret as receivers configure it: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(secret).decode()


def signed_headers(message_id: str, at_seconds: int, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """Return the headers that name and sign a message. A receiver accepts it if one of the signatures is right."""
    signed = f"{message_id}.{at_seconds}.".encode() + body
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_seconds),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
