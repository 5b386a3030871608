"""Does a time of any kind, in any field of any family, make an event that can be stored?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.client import InProcess, Shop
from tests.sdks.adapter_calls import AdapterCalls
from tests.sdks.batches import Address
from tests.sdks.golden_rows import families
from tracker.errors import CommandError
from tracker.sdks import Item, SdkRequest
from tracker.sdks.families.segment import Segment

TRACK = {"type": "track", "event": "e", "userId": "u"}
#: Family -> the path and the body of a request in which all times have one value.
TIMED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "segment": ("/v1/track", lambda at: {**TRACK, "timestamp": at, "sentAt": at}),
    "rudderstack": ("/v1/track", lambda at: {**TRACK, "originalTimestamp": at, "sentAt": at}),
    "jitsu": ("/api/s/track", lambda at: {**TRACK, "timestamp": at}),
    "posthog": ("/batch", lambda at: {"api_key": "k", "sent_at": at, "batch": [
        {"event": "e", "distinct_id": "u", "timestamp": at}, {"event": "e", "distinct_id": "u", "offset": at},
    ]}),
    "mixpanel": ("/track", lambda at: {"event": "e", "properties": {"token": "k", "time": at}}),
    "amplitude": ("/2/httpapi", lambda at: {"api_key": "k", "client_upload_time": at, "events": [
        {"event_type": "e", "user_id": "u", "time": at},
    ]}),
    "snowplow": ("/com.snowplowanalytics.snowplow/tp2", lambda at: {"schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "data": [
        {"e": "pv", "tv": "js-1", "dtm": at, "stm": at}, {"e": "pv", "tv": "js-1", "ttm": at},
    ]}),
    "matomo": ("/matomo.php", lambda at: {"requests": [
        {"idsite": 1, "rec": 1, "uid": "u", "cdt": at}, {"idsite": 1, "rec": 1, "uid": "u", "cdo": at},
    ]}),
    "umami": ("/api/send", lambda at: {"type": "event", "payload": {"website": "k", "timestamp": at}}),
    "openpanel": ("/track", lambda at: {"type": "track", "payload": {"name": "e", "properties": {"__timestamp": at}}}),
    "countly": ("/i", lambda at: urlencode({"app_key": "k", "device_id": "d", "timestamp": json.dumps(at), "events": json.dumps(
        [{"key": "e", "timestamp": at}, {"key": "f"}]
    )}).encode()),
    "customerio": ("/api/v1/events", lambda at: {"name": "e", "data": {}, "timestamp": at}),
    "klaviyo": ("/api/events", lambda at: {"data": {"type": "event", "attributes": {
        "metric": {"data": {"attributes": {"name": "e"}}}, "profile": {"data": {"id": "p"}}, "time": at,
    }}}),
    "cloudevents": ("/", lambda at: {"specversion": "1.0", "id": "1", "source": "/", "type": "e", "time": at}),
    "ga4": ("/mp/collect", lambda at: {"client_id": "1.2", "timestamp_micros": at, "user_properties": {"a": {"value": 1}}, "events": [
        {"name": "e", "timestamp_micros": at}, {"name": "f"},
    ]}),
}  # fmt: skip
#: Those that know no time but that of the request.
UNTIMED = {"plausible", "goatcounter"}
NUMBERS = st.integers() | st.integers(2**60, 2**70) | st.floats() | st.integers(-(10**310), 10**310)
CALLS = {family: AdapterCalls(family) for family in TIMED}


def test_every_family_is_here() -> None:
    assert TIMED.keys() | UNTIMED == set(families())


@example("posthog", 1e300)
@given(st.sampled_from(sorted(TIMED)), NUMBERS | NUMBERS.map(str))
def test_whatever_a_time_is_the_event_can_be_stored(family: str, at: Any) -> None:
    path, body = TIMED[family]
    found = CALLS[family].adapter.events(CALLS[family].request(path, body(at)))
    events = [event for item in found if not isinstance(item, CommandError) for event in item]
    assert len(events) >= len(found)
    assert orjson.loads(orjson.dumps(events)) == events


@pytest.fixture(scope="module")
def database_kind() -> str:
    """What becomes of a time does not depend on the database."""
    return "sqlite"


def test_a_time_beyond_all_bounds_is_kept_and_its_event_stored(client: InProcess, shop: Shop) -> None:
    own = Address(client, shop, "posthog")
    sent = {"event": "e", "distinct_id": "u", "api_key": own.public_id, "offset": 1e300}
    for path in ("/capture", "/i/v0/e"):
        properties = {"revenue": 5, "order_id": path, "$set": {"plan": "pro"}}
        assert own.send(path, {**sent, "properties": properties}).status == 200
    found = own.stored()
    assert [name for name, _ in found] == ["e", "conversion"] * 2
    assert [properties["$refused_time"] for name, properties in found if name == "e"] == ["1e+300"] * 2


def test_an_event_that_no_check_has_found_at_fault_is_refused_alone(
    client: InProcess, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, read = Address(client, shop, "segment"), Segment.events

    def events(adapter: Segment, request: SdkRequest) -> list[Item]:
        found = read(adapter, request)
        for event in (event for item in found if not isinstance(item, CommandError) for event in item):
            event["Properties"].update({"n": 2**70} if event["Event"] == "bad" else {})
        return found

    monkeypatch.setattr(Segment, "events", events)
    assert own.send_events(("a", {}), ("bad", {}), ("b", {})).status == 200
    assert own.send_events(("bad", {})).status == 400
    assert own.names() == ["a", "b"]
