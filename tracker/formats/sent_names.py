"""Names of parameters that callers sent: how they are shown where they are kept, since a value may be sent as a name."""

from __future__ import annotations

import re

#: What stands for a name that may be an address.
HIDDEN_NAME = "(name)"
_AT = re.compile("@|%40|[\uff20\ufe6b]")


def shown_name(name: str) -> str:
    """Return the name; HIDDEN_NAME for one that may be an address, which is a value that was sent as a name."""
    return HIDDEN_NAME if _AT.search(name) else name
