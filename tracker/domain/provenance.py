"""Provenance of links: who told that an ID or an address is a person's, or that a visitor is?"""

from __future__ import annotations

from enum import IntEnum


class By(IntEnum):
    """Who told it. A link that both told is a credential's."""

    CREDENTIAL = 0  # a key, a session, a command or an import
    PUBLIC = 1  # anybody, with the public id of the list
