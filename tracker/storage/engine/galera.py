"""Galera: its provider options, durations and addresses of members, as a node's variables hold them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tracker.formats.server_url import host_and_port

DEFAULT_PORT = 3306
#: The address of a member whose `wsrep_node_incoming_address` is not set.
_UNSET = "AUTO"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d*\.?\d+)S)?)?")


class Address(NamedTuple):
    """Where a member takes clients."""

    host: str
    port: int

    def __str__(self) -> str:
        return host_and_port(self.host, self.port)


class Member(NamedTuple):
    """A node that keeps data; its address is None where `wsrep_node_incoming_address` is not set."""

    address: Address | None
    is_own: bool


def provider_options(text: str) -> dict[str, str]:
    """Return the options in `wsrep_provider_options`: `a.b = c; d.e = ; …`."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def is_on(value: str) -> bool:
    """Return whether a server or provider reads this value as true."""
    return value.strip().lower() in {"1", "on", "yes", "true"}


def seconds(duration: str) -> float | None:
    """Return the seconds of an ISO 8601 duration such as `PT1M2.5S`; None for anything else."""
    found = _DURATION.fullmatch(duration.strip())
    if found is None or not any(found.groups()):
        return None
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def members(text: str, own_index: int) -> list[Member]:
    """Return the members in `wsrep_incoming_addresses`; `own_index` is the place of the node that was asked.

    Arbitrators have no address and keep no data: they are left out.
    """
    parts = [part.strip() for part in text.split(",")]
    return [Member(_address(part), place == own_index) for place, part in enumerate(parts) if part]


def _address(text: str) -> Address | None:
    if text == _UNSET:
        return None
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return Address(host, _port(port.removeprefix(":")))
    if text.count(":") > 1:  # IPv6 without brackets has no port
        return Address(text, DEFAULT_PORT)
    host, _, port = text.partition(":")
    return Address(host, _port(port))


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 65536 else DEFAULT_PORT
