"""Targets: what reaches inward is refused however it is written, and what the administrator allows is not."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from tracker.outgoing import AllowedTargets, TargetRefused, target_of, targets

INWARD = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    # in IANA's registries, or a cloud's, and global by some releases of Python
    "192.0.0.192", "192.0.0.8", "192.0.0.9", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1", "168.63.129.16",
    "100.100.100.200", "192.80.8.124", "198.51.100.1", "203.0.113.1", "fec0::1", "3fff::1", "5f00::1", "100::1", "2001:1::1",
    "2001:20::1", "2620:4f:8000::1", "4000::1", "64:ff9b:1::909:909", "fd20:ce::254", "fe80::a9fe:a9fe", "2002:a83f:8110::1",
    "::ffff:168.63.129.16", "64:ff9b::c000:c0", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
)  # fmt: skip
OUTWARD = (
    "9.9.9.9",
    "93.184.216.34",
    "192.0.1.1",
    "168.63.129.17",
    "2620:fe::fe",
    "2a00::1",
    "64:ff9b::909:909",
)


def allowed(text: str = "public", **names: list[str]) -> AllowedTargets:
    """What the setting allows, where these names have these addresses and no others."""

    def resolve(host: str, _: int) -> Iterable[str]:
        if host not in names:
            raise OSError
        return names[host]

    parsed = AllowedTargets.parse(text)
    return AllowedTargets(parsed.is_public_allowed, parsed.networks, parsed.hosts, resolve)


def url_of(address: str) -> str:
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


@pytest.mark.parametrize("address", INWARD)
def test_no_address_inward_is_called(address: str) -> None:
    with pytest.raises(TargetRefused, match="administrator"):
        allowed().checked(url_of(address))
    with pytest.raises(TargetRefused):
        allowed(shop=["9.9.9.9", address]).checked("https://shop/")


@pytest.mark.parametrize("address", OUTWARD)
def test_public_addresses_are_called(address: str) -> None:
    target = allowed().checked(url_of(address))
    assert allowed().addresses(target) == [address]
    with pytest.raises(TargetRefused):
        allowed("none").checked(url_of(address))


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "/hook", "//host/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "http://",
        "http:///x", "http://user@example.com/", "http://user:pw@example.com/", "http://example.com:99999/",
        "http://example.com:0/", "http://example.com:x/", "http://exa mple.com/", "http://example.com/\r\nX: y",
        "http://example.com/#f", "http://exämple.com/", "http://[::1", "http://[x]/", "http://example..com/",
        "http://example.com\\@127.0.0.1/", "http://-/" * 600, "http://" + "a" * 64 + "." + "b" * 250 + "/",
    ],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(TargetRefused):
        target_of(url)


@pytest.mark.parametrize(
    "url",
    ["http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://localhost./"],
)
def test_a_number_that_the_system_takes_for_an_address_is_judged_as_that(url: str) -> None:
    with pytest.raises(TargetRefused, match="administrator"):
        AllowedTargets().checked(url)


def test_names_and_networks_are_allowed_by_the_setting() -> None:
    names = {"hooks.internal": ["10.1.2.3"], "other.internal": ["10.1.2.3"], "far": ["10.2.0.1"]}
    only_host = allowed("hooks.internal", **names)
    only_host.checked("https://Hooks.Internal./x")
    for url in ("https://other.internal/", "https://10.1.2.3/", "https://9.9.9.9/"):
        with pytest.raises(TargetRefused):
            only_host.checked(url)
    network = allowed("public, 10.1.0.0/16", **names)
    for url in (
        "https://other.internal/",
        "https://10.1.9.9/",
        "https://9.9.9.9/",
        "http://[::ffff:10.1.0.1]/",
    ):
        network.checked(url)
    with pytest.raises(TargetRefused):
        network.checked("https://far/")


@pytest.mark.parametrize("text", ["10.1.0.0/99", "10.1.2.3/16", "a b", "https://x", "none,public", "1.2.3"])
def test_a_setting_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="TRACKER_OUTGOING_ALLOW"):
        AllowedTargets.parse(text)


def test_a_name_that_changes_its_address_is_called_at_none_that_was_not_checked() -> None:
    """DNS rebinding: each look-up is checked by itself, and what it found is what is called."""
    answers = iter([["9.9.9.9"], ["127.0.0.1"]])
    changing = AllowedTargets(resolve=lambda _host, _port: next(answers))
    target = changing.checked("https://changing.example/")
    with pytest.raises(TargetRefused):
        changing.addresses(target)


def test_a_name_without_an_address_may_have_one_later() -> None:
    target = allowed().checked("https://later.example:8443/a?b=c")
    assert (target.authority, target.path) == ("later.example:8443", "/a?b=c")
    with pytest.raises(OSError):  # noqa: PT011  of any kind
        allowed().addresses(target)


def test_a_name_server_that_hangs_holds_up_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "RESOLVE_SECONDS", 0.05)
    ended, asked = threading.Event(), []

    def look_up(host: str, port: int) -> list[str]:
        asked.append(host)
        if host == "hangs":
            ended.wait()
        return [f"9.9.9.{port}"]

    monkeypatch.setattr(targets, "_looked_up", look_up)
    lookups = targets.NameLookups()
    try:
        for _ in range(3 * targets.LOOKUPS):
            with pytest.raises(TimeoutError):
                lookups("hangs", 1)
        monkeypatch.setattr(targets, "RESOLVE_SECONDS", 20)
        assert lookups("other", 2) == ["9.9.9.2"]
        assert asked == ["hangs", "other"]
    finally:
        ended.set()
    assert lookups("hangs", 1) == ["9.9.9.1"]
