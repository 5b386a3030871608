"""Client IP addresses: the client behind trusted proxies, its network for rate limits, its truncated form for storage, and
networks that it is compared with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_BRACKETED, _WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?"), re.compile(r"([0-9.]+):[0-9]{1,5}")


def client_address(peer: str, forwarded_for: str | None, trusted_proxies: int) -> str:
    """Return the client's address. `forwarded_for` is the header to which each proxy appends the address of its peer.

    Only entries of the `trusted_proxies` are believed: with two of them the last but one. An entry that the client wrote
    itself is further left. Some proxies write the client's port too, and IPv6 in brackets.
    """
    if not trusted_proxies or forwarded_for is None:
        return peer
    entries = forwarded_for.split(",")
    if len(entries) < trusted_proxies:
        return peer
    found = _parsed(_without_port(entries[-trusted_proxies].strip()))
    return peer if found is None else str(found)


def came_only_through(networks: Collection[str], peer: str, forwarded_for: str | None) -> bool:
    """Return whether the peer and every address of `forwarded_for` are in the networks.

    A client may write what it likes into the header, and a proxy that nobody counts may stand in between: so none of the
    addresses is believed to be the client's, and each has to be known.
    """
    entries = [] if forwarded_for is None else forwarded_for.split(",")
    hops = (peer, *(_without_port(entry.strip()) for entry in entries))
    return all(is_in_networks(hop, networks) for hop in hops)


def network(address: str) -> str:
    """Return the network that rate limits count: the IPv4 address, or the /64 of IPv6, which a single client has to itself."""
    return _prefix(address, 32, 64)


def truncated(address: str) -> str | None:
    """Return the address truncated to /24 (IPv4) or /48 (IPv6), which names no household, or None if it is no address."""
    return _prefix(address, 24, 48) if _parsed(address) else None


def network_text(text: str) -> str | None:
    """Return a network such as `192.0.2.0/24`, or a single address as one, in its usual spelling; None for anything else."""
    found = _network(text)
    return None if found is None else str(found)


def is_in_networks(address: str, networks: Iterable[str]) -> bool:
    """Return whether the address is in one of the networks. What is no address is in none."""
    found = _parsed(address)
    return found is not None and any(found in known for known in map(_network, networks) if known)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    """Parse a network. Bits behind its prefix are cut off; one of all addresses is none."""
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    return found if found.prefixlen and "%" not in text else None


def _without_port(entry: str) -> str:
    """Return the address of `192.0.2.1:51234`, `[2001:db8::1]:51234` or `[2001:db8::1]`; bare IPv6 has no port to remove."""
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
    """Parse an address; an IPv4 address mapped into IPv6 becomes IPv4. Returns None if the text is no address."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
