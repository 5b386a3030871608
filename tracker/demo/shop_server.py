"""Demo server: runs Tracker as a child process and the shop in this one, and ends both in good order."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from tracker.app import build_services, open_database
from tracker.browser import snippet_of_list
from tracker.config import ConfigError, Settings
from tracker.demo.account import EMAIL, Demo, demo_list, make_demo
from tracker.demo.shop import Pages, Shop
from tracker.private_file import open_private
from tracker.registry import Registry
from tracker.serve import prepare, server_arguments, shown_database
from tracker.services import Services

Say = Callable[[str], object]
#: Fills an empty list: (services, user_id, list_id).
Fill = Callable[[Services, int, int], None]
#: How long Tracker may take to answer, and to stop.
READY_SECONDS, STOP_SECONDS = 60.0, 30.0
_LAST_LINES = 8
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """The demo cannot be served. The text is one line with the reason."""


def run_shop(settings: Settings, say: Say, fill: Fill) -> None:
    """Serve Tracker and the shop until a signal, and leave nothing running. Raises DemoFailed, ConfigError."""
    arguments = server_arguments()
    _check_ports(settings)
    prepare(settings, say)
    with _ended_by_signals():
        database = open_database(settings, Registry())
        try:
            services = build_services(settings, database)
            demo, list_id = _demo(services, fill)
            pages = _pages(services, list_id)
        finally:
            database.close()
        log = settings.limits_file.with_suffix(".log")
        with Shop(settings.host, settings.shop_port, pages), _Tracker(arguments, log) as tracker:
            tracker.wait_until_ready(settings.listening_url)
            say(_text(settings, demo, list_id, log))
            tracker.wait_until_it_ends()


def _demo(services: Services, fill: Fill) -> tuple[Demo | None, int]:
    """Make the demo account and fill its list. Returns the account's secrets, if they are new, and the ListID."""
    stores = services.stores
    demo = make_demo(stores)
    owner = stores.users.find(EMAIL)
    if owner is None:
        raise DemoFailed(
            f"this database has users, and {EMAIL} is none of them: a demo belongs into a database of its own"
        )
    list_id = demo_list(stores, owner.id)
    if services.reports.last_event_at(list_id) is None:
        fill(services, owner.id, list_id)
    return demo, list_id


def _pages(services: Services, list_id: int) -> Pages:
    settings, stores = services.settings, services.stores
    owner = stores.users.find(EMAIL)
    found = stores.lists.owned(owner.id, list_id) if owner else None
    if found is None:
        raise DemoFailed(f"the list {list_id} is gone")
    honoured = stores.list_settings.of(list_id).is_privacy_signal_honoured
    return Pages(
        snippet_of_list(settings, found.tracker_id, honoured), f"{settings.public_url}/lists/{list_id}"
    )


def _check_ports(settings: Settings) -> None:
    if settings.port == settings.shop_port:
        raise ConfigError(f"PORT and TRACKER_DEMO_SHOP_PORT are both {settings.port}")
    for name, port in (("PORT", settings.port), ("TRACKER_DEMO_SHOP_PORT", settings.shop_port)):
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((settings.host, port))
            except OSError as failure:
                raise ConfigError(
                    f"{name}={port}: {failure.strerror}. Another one: {name}=8123 make demo"
                ) from None


class _Tracker:
    """A served Tracker as a child of this process and of its group, so that Ctrl-C reaches it too."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._arguments, self._log = arguments, log

    def __enter__(self) -> _Tracker:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with open_private(self._log, "wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - it is Tracker itself
                self._arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the child, also when Ctrl-C is pressed a second time."""
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until_ready(self, url: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while not _is_ready(url):
            if self._process.poll() is not None or time.monotonic() > end:
                raise DemoFailed(f"Tracker does not answer: {self._last_lines()}")
            time.sleep(0.05)

    def wait_until_it_ends(self) -> None:
        """Wait for a signal. Raises when the child ends by itself, which is a failure."""
        self._process.wait()
        raise DemoFailed(f"Tracker has ended: {self._last_lines()}")

    def _last_lines(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " | ".join(lines[-_LAST_LINES:]) or f"nothing is in {self._log}"


def _is_ready(url: str) -> bool:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Turn Ctrl-C, SIGTERM and a closed terminal into an exit in good order."""
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number in _ENDING:
        signal.signal(number, signal.default_int_handler)
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _text(settings: Settings, demo: Demo | None, list_id: int, log: Path) -> str:
    host = urlsplit(settings.listening_url)
    shop = f"{host.scheme}://{host.netloc.rpartition(':')[0]}:{settings.shop_port}"
    return (
        "\nA shop, and Tracker watching it. Ctrl-C stops both.\n\n"
        f"  Shop      {shop}   click through it: every step is an event\n"
        f"  Console   {settings.public_url}   what Tracker makes of it\n\n"
        f"  Username  {EMAIL}\n"
        f"  Password  {demo.password if demo else _new_password(settings)}\n"
        f"  ListID    {list_id}\n"
        f"{f'  API key   {demo.key}' + chr(10) if demo else ''}"
        f"  Database  {shown_database(settings.database_url)}\n"
        f"  Requests  {log}\n"
    )


def _new_password(settings: Settings) -> str:
    url = settings.database_url
    database = f"TRACKER_DATABASE_URL={url} " if url.startswith("sqlite") else ""
    return f"was shown when the account was made; for a new one: {database}.venv/bin/tracker user password {EMAIL}"
