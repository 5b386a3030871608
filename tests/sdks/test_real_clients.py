"""Does a real client of another tracker, unmodified, send what it sends to Tracker, once and whole, though an answer is lost?"""

from __future__ import annotations

import json
import mimetypes
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import pytest

from tests.browser.websites import Between, Website, send
from tests.processes import until
from tests.sdks.compatibility import row_of, settle
from tests.sdks.golden_rows import PREFIX, listed_of
from tests.sdks.real_clients import CLIENTS, FOLDER, Client, family_of, run, script_of
from tests.served import Account, StartTracker, Tracker, make_account
from tracker.sdks import EVENTS
from tracker.sdks.adapter_table import parts_of
from tracker.storage.schema.own_database import own_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser

UNLIMITED = "event.collect=1000000/60,event.collect.address=1000000/60"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
SERVERS = [name for name in CLIENTS if script_of(name).suffix != ".html"]
BROWSERS = [name for name in CLIENTS if name not in SERVERS]


class Lossy(Between):
    """Stands before Tracker and loses the answer to a request that tracks, if it is to; it has arrived."""

    def __init__(self, tracker_url: str, name: str, certificate: Path) -> None:
        super().__init__(tracker_url)
        family, self._client = family_of(name), CLIENTS[name]
        self._adapter = listed_of(family)
        self._prefix = f"{PREFIX}{family}"
        if self._client.is_https:
            serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            serving.load_cert_chain(certificate)
            self._server.socket = serving.wrap_socket(self._server.socket, server_side=True)
            self.url = self.url.replace("http://127.0.0.1", "https://localhost")
        self._counting = threading.Lock()
        self._arrived = 0
        self.address = self.url + self._prefix
        #: How many requests that track have been answered, the one whose answer was lost with them.
        self.tracked = 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = self.body_of(request)
        is_tracking = self._is_tracking(request.command, urlsplit(request.path).path)
        with self._counting:
            self._arrived += is_tracking
            is_lost = is_tracking and self._arrived == self._client.loses and self._client.resends
        status, headers, answer = self.passed_on(request, body)
        with self._counting:
            self.tracked += is_tracking
        if is_lost and self._client.lost_as:
            send(request, self._client.lost_as, b"{}", headers)
        elif is_lost:
            request.close_connection = True
            request.connection.close()
        else:
            send(request, status, answer, headers)

    def _is_tracking(self, method: str, path: str) -> bool:
        parts = parts_of(path.removeprefix(self._prefix))
        found = [*self._adapter.at(parts), *self._adapter.at(parts[1:])]
        return any(route.method == method and route.kind == EVENTS for route, _ in found)


class Pages(Website):
    """A site that has the scripts of `clients/` and the packages that they use."""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = FOLDER / urlsplit(request.path).path.lstrip("/")
        if path.is_file():
            kind = "text/javascript" if path.suffix == ".mjs" else mimetypes.guess_type(path)[0]
            send(request, 200, path.read_bytes(), {"Content-Type": f"{kind}; charset=utf-8"})
        else:
            send(request, 404)


def is_tie(name: str, properties: dict[str, Any]) -> bool:
    """Whether an event was added to tie a visitor to an ID: an identify event without any trait that scripts send."""
    return name == "identify" and not {"ann@example.com", "Zoë Ünal"} & set(map(str, properties.values()))


class Seen:
    """What has arrived in a list of its own."""

    def __init__(self, tracker: Tracker, account: Account, name: str) -> None:
        self.tracker, self.key = tracker, account.key
        self.list_id = tracker.call("list.create", self.key, SubscriberListName=name).body["ListID"]
        found = tracker.call("list.get", self.key, ListID=self.list_id).body["List"]
        self.public_id: str = found["EventListTrackerID"]
        self._database = own_database(tracker.database_url)

    def events(self) -> list[tuple[str, dict[str, Any], int | None]]:
        """(name, properties, subscriber) of the list's events."""
        sql = (
            "SELECT e.name, e.properties, v.subscriber_id FROM events e"
            " JOIN visitors v ON v.list_id = e.list_id AND v.id = e.visitor_id WHERE e.list_id = ? ORDER BY e.id"
        )
        rows = self._database.read(lambda transaction: transaction.select(sql, (self.list_id,)))
        return [(bytes(name).decode(), json.loads(bytes(stored)[1:]), of) for name, stored, of in rows]

    def names(self) -> Counter[str]:
        """How often each event was stored. Ties are left out: how many there are depends on which request comes first."""
        return Counter(name for name, properties, _ in self.events() if not is_tie(name, properties))

    def are_right(self, client: Client) -> bool:
        """Whether all has arrived once, whole, and on one subscriber."""
        assert self.names() == Counter(client.names)
        found = {name: properties for name, properties, _ in self.events()}
        for chosen in client.names.keys() & {"Plan Chosen", "plan_chosen"}:
            sent = {"plan": "pro", "seats": 3, "city": "Zürich 東京", "is_new": True}
            assert {name: found[chosen].get(name) for name in sent} == sent
        if "page_view" in client.names:
            assert found["page_view"]["$current_url"].startswith("http")
        if "conversion" in client.names:
            assert float(found["conversion"]["conversion-value"]) == 12.5
        if client.identifies:
            [subscriber] = {of for _, _, of in self.events()}
            for of in ({"ExternalID": "u-42"}, {"EmailAddress": "ann@example.com"})[: 1 + client.has_address]:
                got = self.tracker.call("subscriber.get", self.key, ListID=self.list_id, **of).body
                assert int(got["SubscriberInformation"]["SubscriberID"]) == subscriber
        return True


@pytest.fixture(scope="module")
def tracker(start_tracker: StartTracker) -> Tracker:
    return start_tracker(settings={"TRACKER_LIMITS": UNLIMITED})


@pytest.fixture(scope="module")
def account(tracker: Tracker) -> Account:
    return make_account(tracker, "shop@example.com", "*")


@pytest.fixture(scope="module")
def found() -> Iterator[dict[str, str]]:
    """The rows of docs/sdks.md of the clients that were run and did well; the table is held to them at the end."""
    rows: dict[str, str] = {}
    yield rows
    settle(rows)


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with Pages() as site:
        yield site


@pytest.mark.parametrize("name", SERVERS)
def test_a_client_on_a_server(
    tracker: Tracker, account: Account, found: dict[str, str], certificate: Path, name: str
) -> None:
    client, seen = CLIENTS[name], Seen(tracker, account, name)
    with Lossy(tracker.url, name, certificate) as between:
        run(name, between.address, f"{seen.public_id}:{account.key}", certificate)
        assert between.tracked >= client.requests
    assert seen.are_right(client)
    found[name] = row_of(name, client.resends)


@pytest.mark.parametrize("name", BROWSERS)
def test_a_client_in_a_browser(
    tracker: Tracker,
    account: Account,
    found: dict[str, str],
    pages: Pages,
    browser: Browser,
    certificate: Path,
    name: str,
) -> None:
    client, seen = CLIENTS[name], Seen(tracker, account, name)
    wrong: list[str] = []
    with (
        Lossy(tracker.url, name, certificate) as between,
        browser.new_context(user_agent=CHROME) as visit,
    ):
        page = visit.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(
            f"{pages.url}/clients/{name}.html?{urlencode({'address': between.address, 'key': seen.public_id})}"
        )
        until(lambda: between.tracked >= client.requests, 20, f"{client.requests} requests: {wrong}")
    assert wrong == []
    assert seen.are_right(client)
    found[name] = row_of(name, client.resends)
