"""Does anything that is sent to the doors get another answer than a JSON one, or leave a trace when refused?"""

from __future__ import annotations

import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.client import InProcess, Shop
from tests.examples import IS_QUICK
from tests.fuzz.exemptions import EXEMPTIONS, Exemption
from tests.fuzz.oracle import commands
from tests.fuzz.sent import WRITERS, Sent, ill_formed, well_formed, with_headers
from tests.reply_schemas import EVENTS, faults
from tests.servers import NewDatabase
from tracker.plugins import load_commands

_numbers = itertools.count(1)
ANY_SPEED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SOME = settings(max_examples=84 if IS_QUICK else 300, suppress_health_check=ANY_SPEED)
#: Beginnings of the types of answers that are lines.
LINES = ("application/x-ndjson", "text/csv")
#: Headers by the status that they bring.
RARE: dict[int, dict[str, str]] = {
    200: {},
    400: {"HTTP_CONTENT_ENCODING": "gzip"},
    401: {"HTTP_AUTHORIZATION": "Bearer x"},
    413: {"CONTENT_LENGTH": "99999999"},
    415: {"CONTENT_TYPE": "text/html"},
}
MANY = settings(max_examples=20_000, suppress_health_check=ANY_SPEED)


class Fuzzed:
    """The whole application in this process, and what its tables hold."""

    def __init__(self, client: InProcess, shop: Shop) -> None:
        self.client, self.shop = client, shop
        found = client.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {bytes(name).decode() if isinstance(name, bytes) else name for (name,) in found}
        # Refusals are what these are for: the audit log keeps failed logins, the inbox (seconds later) refused events.
        self._tables = sorted(names - {"audit_log", "rejections", "rejection_hours", "rejected_bodies"})
        self._address = f"203.0.113.{next(_numbers)}"  # failed logins of other tests are not this one's
        self.statuses: Counter[int] = Counter()
        client.services.ingest.flush()
        client.services.inbox.flush()
        self._before = self._counts()

    @property
    def tracker_id(self) -> str:
        """The public name of the shop's list."""
        found = self.client.services.stores.lists.owned(self.shop.user_id, self.shop.list_id)
        assert found is not None
        return found.tracker_id

    def right(self) -> dict[str, dict[str, Any]]:
        """Parameters for each command that it accepts."""
        shop = self.shop
        list_id: dict[str, Any] = {"ListID": shop.list_id}
        tracked = {"Event": "identify", "Email": "jane@example.com", "Properties": {"page": "a"}}
        subscriber = list_id | {"EmailAddress": "jane@example.com"}
        values = {"CustomFields": {"First-Name": "Jane", "Age": "42"}}
        fields = {"SubscriberListID": shop.list_id}
        own = {
            "apikey.revoke": {"Prefix": self._revoked()},
            "customfield.create": fields | {"FieldName": "Age", "MergeTagAlias": "Age", "DataType": "number"},
            "customfield.delete": fields | {"CustomFieldID": 1},
            "customfields.get": fields,
            "event.track": list_id | tracked | {"IdentifyProperties": values["CustomFields"]},
            "events.follow": list_id,
            "events.recent": list_id | {"Event": "identify"},
            "list.create": {"SubscriberListName": "Shop"},
            "list.get": list_id,
            "subscriber.create": subscriber | values,
            "subscriber.delete": subscriber,
            "subscriber.events": subscriber | {"Property": "page", "Value": "a"},
            "subscriber.get": subscriber,
            "subscriber.update": subscriber | values,
            "subscribers.get": list_id | {"Search": "jane"},
            "user.create": {"Username": "new@example.com", "Password": "a"},
            "user.login": {"APIKey": shop.key},
            "website_events.catalogue": list_id | {"Search": "page"},
            "website_events.properties": list_id,
            "website_events.values": list_id | {"Event": "identify", "Property": "page"},
        }
        return {name: own.get(name, {}) for name in commands()}

    def _revoked(self) -> str:
        keys = self.client.services.stores.keys
        prefix = keys.add(self.shop.user_id).split("_")[1]
        keys.revoke(prefix)
        self._before = self._counts()
        return prefix

    def send(self, sent: Sent) -> None:
        """Send it, and check what must be so whatever it was."""
        self.check_that_nothing_is_stored(self.ask(sent))

    def ask(self, sent: Sent) -> int:
        """Send it, check its answer, and return the status."""
        body, status_line, headers = run_wsgi_app(self.client.app, self._environ(sent))
        plain = CaseInsensitiveDict(headers.items())
        lasts = plain.get("Content-Type") == EVENTS
        raw, status = b"".join(islice(body, 1) if lasts else body), int(status_line[:3])
        getattr(body, "close", lambda: None)()
        self.statuses[status] += 1
        assert status < 500, raw
        assert plain["X-Request-ID"]
        if sent.method in ("HEAD", "OPTIONS") and not raw:
            return status
        is_lines = status == 200 and plain["Content-Type"].startswith(LINES)
        assert lasts or is_lines or plain["Content-Type"] == "application/json"
        assert lasts or is_lines or isinstance(json.loads(raw), dict)
        assert faults(sent.method, sent.path, status, plain, raw) == []
        return status

    def _environ(self, sent: Sent) -> dict[str, Any]:
        environ = EnvironBuilder("/", method=sent.method).get_environ()
        environ |= {
            "REMOTE_ADDR": self._address,
            "PATH_INFO": sent.path,
            "QUERY_STRING": sent.query,
            "wsgi.input": io.BytesIO(sent.body),
        }
        environ |= {"HTTP_AUTHORIZATION": f"Bearer {self.shop.key}", "CONTENT_LENGTH": str(len(sent.body))}
        if sent.content_type is not None:
            environ["CONTENT_TYPE"] = sent.content_type
        return environ | sent.headers

    def check_that_nothing_is_stored(self, status: int) -> None:
        if status == 200:
            # Else it is counted later, while a refused call is looked at.
            self.client.services.ingest.flush()
            self.client.services.inbox.flush()
        after = self._counts()
        changed = {name for name in after if after[name] != self._before[name]}
        assert status == 200 or not changed
        self._before = after

    def _counts(self) -> dict[str, int]:
        return self.client.counts(self._tables)


@pytest.fixture(scope="module")
def client(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    limits = ",".join(f"{name}=1000000/60" for name in {entry.limited_as for entry in load_commands()})
    client = InProcess(new_database("sqlite"), tmp_path_factory.mktemp("client"), {"TRACKER_LIMITS": limits})
    yield client
    client.close()


def new_shop(client: InProcess) -> Shop:
    shop = client.open_shop(f"fuzz{next(_numbers)}@example.com", "*,Administrator", is_admin=True)
    # What is made once, such as a writer's lease, is made before rows are counted.
    assert client.call("event.track", shop.key, Event="seen").status == 200
    return shop


@pytest.fixture
def fuzzed(client: InProcess) -> Fuzzed:
    return Fuzzed(client, new_shop(client))


@pytest.fixture(scope="module")
def unchanged(client: InProcess) -> Shop:
    """One shop for all who only send what is refused."""
    return new_shop(client)


def check(fuzzed: Fuzzed, requests: st.SearchStrategy[Sent], how: settings) -> None:
    @how
    @given(requests)
    def send(sent: Sent) -> None:
        fuzzed.send(sent)

    send()


@pytest.mark.processes  # what is right asks for reports now and then
def test_calls_with_wrong_parameters(fuzzed: Fuzzed) -> None:
    check(fuzzed, well_formed(fuzzed.right()), SOME)
    assert {200, 422, 400} <= set(fuzzed.statuses), "some are right, some are wrong, some cannot be read"


def test_bytes_that_are_hardly_a_call(fuzzed: Fuzzed) -> None:
    check(fuzzed, ill_formed(fuzzed.right()), SOME)
    assert {400, 404, 415, 422} <= set(fuzzed.statuses)


def test_any_headers(fuzzed: Fuzzed) -> None:
    """A request for each status that is rare among those at random is sent first."""
    for status, headers in RARE.items():
        fuzzed.send(Sent("POST", "/api/v1/lists.get", "", b"{}", "application/json", headers))
        assert status in fuzzed.statuses
    check(fuzzed, with_headers(fuzzed.right(), fuzzed.shop.key), SOME)
    assert {200, 400, 401, 413, 415} <= set(fuzzed.statuses)


@pytest.mark.parametrize("row", EXEMPTIONS, ids=lambda row: f"{row.command}-{row.code}")
def test_what_is_refused_late_leaves_no_trace(row: Exemption, client: InProcess, unchanged: Shop) -> None:
    """These pass every check of form, so the command itself has begun when it refuses them."""
    fuzzed = Fuzzed(client, unchanged)
    named = {"EventListTrackerID": fuzzed.tracker_id} if row.command == "event.collect" else {}
    params = {**row.params, **named}
    for content_type, write in WRITERS.items():
        fuzzed.ask(Sent("POST", f"/api/v1/{row.command}", "", write(params), content_type))
        fuzzed.ask(Sent("POST", "/api.php", "", write({"Command": row.command, **params}), content_type))
    fuzzed.check_that_nothing_is_stored(422)
    assert set(fuzzed.statuses) == {422}


@pytest.mark.fuzz
@pytest.mark.parametrize("kind", [well_formed, ill_formed])
def test_many_requests(fuzzed: Fuzzed, kind: Any) -> None:
    check(fuzzed, kind(fuzzed.right()), MANY)


@pytest.mark.fuzz
def test_many_headers(fuzzed: Fuzzed) -> None:
    check(fuzzed, with_headers(fuzzed.right(), fuzzed.shop.key), MANY)
