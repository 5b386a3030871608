"""Targets of outgoing requests: which URLs may be called, and at which address, so that nobody reaches inward through Tracker.

A name is resolved once for each request, every address is checked, and the connection is made to one that was checked: a name
that changes its address between check and connection (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import socket
from gevent.monkey import get_original
from gevent.threadpool import ThreadPool

from tracker.outgoing.special_networks import Address, Network, is_public

#: Returns the addresses of a name. Raises OSError.
Resolve = Callable[[str, int], Iterable[str]]

#: Characters of a URL, seconds that are waited for a look-up of its name, and look-ups at a time.
MAX_URL, RESOLVE_SECONDS, LOOKUPS = 2_000, 3.0, 8
#: The word for all addresses of the public internet, and that for none.
PUBLIC, NONE = "public", "none"
_HOST = re.compile(r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_-]{1,63}\.?")
#: IPv6 addresses that hold an IPv4 address, and where it begins: NAT64 (RFC 6052), and IPv4-compatible ones (RFC 4291).
_EMBEDDING = ("64:ff9b::/96", "::/96")


class TargetRefused(Exception):
    """A URL is none that may be called; the text says why, in words for whoever chose it."""


@dataclass(frozen=True, slots=True)
class CheckedURL:
    """The parts of a URL. `host` is a name or an address, in lower case; `path` has the query."""

    is_secure: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_secure else 80) else f"{host}:{self.port}"


def target_of(url: str) -> CheckedURL:
    """Return the parts of a URL. Raises TargetRefused."""
    if len(url) > MAX_URL:
        raise TargetRefused(f"a URL has at most {MAX_URL:,} characters")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise TargetRefused(
            "a URL is printable ASCII; other characters are sent percent-encoded, or as xn-- in the host"
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise TargetRefused("it is no URL") from None
    if parts.scheme not in ("http", "https"):
        raise TargetRefused("it begins with neither https:// nor http://")
    if parts.username is not None or parts.password is not None:
        raise TargetRefused("it has a user or a password: the signature says who calls")
    if parts.fragment:
        raise TargetRefused("it has a fragment, which is never sent")
    if port == 0 or not (_HOST.fullmatch(host) or (":" in host and address_in(host) is not None)):
        raise TargetRefused("it has no host that can be called")
    is_secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return CheckedURL(is_secure, host.rstrip("."), port or (443 if is_secure else 80), path)


def address_in(host: str) -> Address | None:
    """Return the address that a host is, or None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


class NameLookups:
    """Look-ups of names in threads of their own. All who ask for a name that is looked up wait for the one answer, so that a name
    server that hangs occupies one thread, and holds up no other name."""

    def __init__(self) -> None:
        self._threads: ThreadPool | None = None  # made after the fork
        self._under_way: dict[tuple[str, int], Any] = {}

    def __call__(self, host: str, port: int) -> list[str]:
        """Return the addresses that the system has for a name. Raises OSError."""
        self._threads = self._threads or ThreadPool(LOOKUPS)
        key = host, port
        answer = self._under_way.get(key)
        if answer is None or answer.ready():
            answer = self._under_way[key] = self._threads.spawn(_looked_up, host, port)
            answer.rawlink(lambda _: self._under_way.pop(key, None))
        with gevent.Timeout(RESOLVE_SECONDS, TimeoutError("the name was not resolved in time")):
            found: list[str] | OSError = answer.get()
        if isinstance(found, OSError):
            raise found
        return found


def _looked_up(host: str, port: int) -> list[str] | OSError:
    """Return the addresses, or the failure: gevent would print one that is raised in a thread."""
    try:
        found = get_original("socket", "getaddrinfo")(host, port, type=socket.SOCK_STREAM)
    except OSError as failure:
        return failure
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


#: The look-ups of this process.
resolved = NameLookups()


@dataclass(frozen=True, slots=True)
class AllowedTargets:
    """What the administrator allows: public addresses, networks, and names whatever their address is."""

    is_public_allowed: bool = True
    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    resolve: Resolve = resolved

    @classmethod
    def parse(cls, text: str) -> AllowedTargets:
        """Read a list such as `public,10.1.0.0/16,hooks.internal`. Raises ValueError with one line."""
        words = [word.strip().lower() for word in text.split(",") if word.strip()]
        networks, hosts = [], set()
        for word in words:
            network = _network(word)
            if network is not None:
                networks.append(network)
            elif word not in (PUBLIC, NONE):
                if not _HOST.fullmatch(word) or re.fullmatch(r"[0-9.]+", word):
                    raise ValueError(f"TRACKER_OUTGOING_ALLOW: '{word}' is no network and no host")
                hosts.add(word.rstrip("."))
        if NONE in words and len(words) > 1:
            raise ValueError("TRACKER_OUTGOING_ALLOW: 'none' stands alone")
        return cls(PUBLIC in words, tuple(networks), frozenset(hosts))

    def checked(self, url: str) -> CheckedURL:
        """Return the parts of a URL that may be called as far as it tells by itself or by its name's addresses now.

        A name without an address passes: it may have one when it is called. Raises TargetRefused.
        """
        target = target_of(url)
        try:
            self.addresses(target)
        except OSError:
            return target
        return target

    def addresses(self, target: CheckedURL) -> list[str]:
        """Return the addresses at which the target may be called. Raises TargetRefused, and OSError for a name without any.

        One address that may not be called refuses the name: whoever owns it could have it called by chance.
        """
        literal = address_in(target.host)
        found = [target.host] if literal is not None else list(self.resolve(target.host, target.port))
        if not found:
            raise OSError("the name has no address")
        if target.host not in self.hosts and not all(self._is_allowed(each) for each in found):
            raise TargetRefused(
                "its address is not one that the administrator allows (TRACKER_OUTGOING_ALLOW)"
            )
        return found

    def _is_allowed(self, text: str) -> bool:
        address = address_in(text)
        if address is None:
            return False
        plain = _unwrapped(address)
        if any(plain.version == each.version and plain in each for each in self.networks):
            return True
        return self.is_public_allowed and is_public(plain)


def _network(word: str) -> Network | None:
    try:
        return ipaddress.ip_network(word)
    except ValueError:
        return None


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, else the address."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    if inner:
        return inner
    if any(address in ipaddress.ip_network(each) for each in _EMBEDDING) and int(address) > 1:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
