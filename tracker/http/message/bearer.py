"""Which token does the Authorization header carry?"""

from __future__ import annotations

import re

#: RFC 6750, 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def bearer_token(header: str | None) -> str | None:
    """The token; "" (which is no key) for a header that cannot be read; None if the header is no matter of ours.

    Another scheme with its credentials, such as the Basic of a proxy before us, does not hide an APIKey.
    """
    if header is None:
        return None
    scheme, _, token = header.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer":
        return None if token else ""
    return token if _TOKEN.fullmatch(token) else ""
