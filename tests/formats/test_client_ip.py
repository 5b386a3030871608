"""Is a client's address only believed from trusted proxies, and cut down as far as is promised?"""

from __future__ import annotations

import pytest

from tracker.formats.client_ip import client_address, network, truncated

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded_for", "proxies", "found"),
    [
        ("8.8.8.8", 0, PEER),
        (None, 2, PEER),
        ("", 1, PEER),
        ("8.8.8.8", 1, "8.8.8.8"),
        ("6.6.6.6, 8.8.8.8", 1, "8.8.8.8"),
        ("6.6.6.6, 8.8.8.8, 10.0.0.2", 2, "8.8.8.8"),
        ("8.8.8.8", 2, PEER),
        ("unknown", 1, PEER),
        ("8.8.8.8:1234", 1, "8.8.8.8"),
        ("6.6.6.6:1, 8.8.8.8:65535", 1, "8.8.8.8"),
        ("[2001:db8::1]:443", 1, "2001:db8::1"),
        ("[2001:DB8::1]", 1, "2001:db8::1"),
        ("[::ffff:8.8.8.8]:5", 1, "8.8.8.8"),
        ("2001:db8::1:443", 1, "2001:db8::1:443"),
        ("8.8.8.8:", 1, PEER),
        ("8.8.8.8:1:2", 1, PEER),
        ("[8.8.8.8", 1, PEER),
        ("[unknown]:1", 1, PEER),
        ("8.8.8:1", 1, PEER),
        (" 2001:DB8::1 ", 1, "2001:db8::1"),
        ("::ffff:8.8.8.8", 1, "8.8.8.8"),
    ],
)
def test_only_what_trusted_proxies_wrote_is_believed(
    forwarded_for: str | None, proxies: int, found: str
) -> None:
    assert client_address(PEER, forwarded_for, proxies) == found


@pytest.mark.parametrize(
    ("address", "counted_as", "stored_as"),
    [
        ("203.0.113.77", "203.0.113.77", "203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::", "2001:db8:1::"),
        ("fe80::1%eth0", "fe80::", "fe80::"),
        ("unix", "unix", None),
        ("", "", None),
    ],
)
def test_how_much_of_an_address_is_used(address: str, counted_as: str, stored_as: str | None) -> None:
    assert (network(address), truncated(address)) == (counted_as, stored_as)
