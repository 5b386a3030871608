"""Whose address does a request come from, and how much of it says enough?"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_BRACKETED, _WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?"), re.compile(r"([0-9.]+):[0-9]{1,5}")


def client_address(peer: str, forwarded_for: str | None, trusted_proxies: int) -> str:
    """The client's address. `forwarded_for` is the header that each proxy appends its own peer to.

    Only what the trusted proxies have written is believed: with two of them the last but one entry. Whatever a client
    wrote there itself stands further left. Some proxies write the client's port too, and IPv6 in brackets.
    """
    if not trusted_proxies or forwarded_for is None:
        return peer
    entries = forwarded_for.split(",")
    if len(entries) < trusted_proxies:
        return peer
    found = _parsed(_without_port(entries[-trusted_proxies].strip()))
    return peer if found is None else str(found)


def network(address: str) -> str:
    """What calls are counted under: a single IPv6 client has a whole /64 to call from."""
    return _prefix(address, 32, 64)


def truncated(address: str) -> str | None:
    """What may be stored of an address: /24 or /48, which no longer names a household. None for what is no address."""
    return _prefix(address, 24, 48) if _parsed(address) else None


def _without_port(entry: str) -> str:
    """`192.0.2.1:51234`, `[2001:db8::1]:51234` and `[2001:db8::1]` are addresses; bare IPv6 has no port to lose."""
    if match := _BRACKETED.fullmatch(entry):
        return match[1]
    match = _WITH_PORT.fullmatch(entry)
    return match[1] if match else entry


def _prefix(address: str, bits: int, bits_of_v6: int) -> str:
    found = _parsed(address)
    if found is None:
        return address
    if found.version == 4 and bits == 32:
        return str(found)
    length = bits if found.version == 4 else bits_of_v6
    return str(ip_network((found, length), strict=False).network_address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The address; an IPv4 one that is written as IPv6 is itself."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
