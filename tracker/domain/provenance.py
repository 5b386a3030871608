"""Provenance of identity: whether a credential or a public event gave an address, an ID or a visitor to a subscriber."""

from __future__ import annotations

from enum import IntEnum


class By(IntEnum):
    """The source of a statement about identity. What both sources state has the provenance CREDENTIAL."""

    CREDENTIAL = 0  # a key, a session, a command or an import
    PUBLIC = 1  # a browser, or anybody, with the public id of the list
