"""Special networks: the addresses that are no hosts of the public internet, by IANA's registries, and those that clouds answer at.

The table is Tracker's own: what `ipaddress` takes for global depends on the release of Python, and has some of these in it.
"""

from __future__ import annotations

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: IANA's IPv4 Special-Purpose Address Registry, with multicast (RFC 5771); also those of it that are global, since they are
#: answered by the nearest machine, which may stand inside.
_IPV4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
#: All that IANA has allocated for hosts (RFC 4291), and what IANA's IPv6 Special-Purpose Address Registry has in it. Outside are
#: loopback, mapped and translated addresses, discard-only, segment routing, unique and site-local, link-local and multicast ones.
_IPV6_HOSTS = ipaddress.IPv6Network("2000::/3")
_IPV6 = ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
#: Where clouds tell a machine about itself, its credentials among it; some are in networks above, and stand here all the same.
_METADATA = (
    "169.254.169.254/32", "169.254.170.2/32", "168.63.129.16/32", "100.100.100.200/32", "192.0.0.192/32",
    "192.80.8.124/32", "fd00:ec2::254/128", "fd00:c1::a9fe:a9fe/128", "fd20:ce::254/128", "fe80::a9fe:a9fe/128",
)  # fmt: skip
SPECIAL: tuple[Network, ...] = tuple(ipaddress.ip_network(each) for each in (*_IPV4, *_IPV6, *_METADATA))


def is_public(address: Address) -> bool:
    """Whether an address is that of a host of the public internet. One that stands for another is not: see what it stands for."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _IPV6_HOSTS:
        return False
    return not any(address.version == each.version and address in each for each in SPECIAL)
