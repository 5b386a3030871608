"""Does `tracker import --from` store what another tracker's export says once, and tell of each line that it cannot take?"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.cli.test_import import EMAIL, Importer, imported, rejected
from tests.client import InProcess
from tests.importing import export_files
from tests.importing.export_files import json_lines, zipped

#: Vendor -> (its export, the names of the events in it). A conversion is made of an order.
FILES: dict[str, tuple[bytes, list[str]]] = {
    "segment": (export_files.SEGMENT, ["page_view", "identify", "Order Completed", "conversion"]),
    "posthog": (export_files.POSTHOG, ["page_view", "identify", "Order Completed", "conversion"]),
    "mixpanel": (export_files.MIXPANEL, ["page_view", "Signed Up", "identify", "Order Completed", "conversion"]),
    "amplitude": (export_files.AMPLITUDE, ["page_view", "identify", "Order Completed", "conversion"]),
    "umami": (export_files.UMAMI, ["page_view", "Order Completed", "conversion"]),
    "plausible": (export_files.PLAUSIBLE, ["page_view", "page_view", "Order Completed", "conversion"]),
    "matomo": (export_files.MATOMO, ["page_view", "play", "outlink", "identify", "ecommerce_order", "conversion"]),
}  # fmt: skip


@pytest.fixture
def jane(shell: Shell) -> Iterator[Importer]:
    yield from imported(shell)


@pytest.fixture
def jane_on_each(shell_on_each: Shell) -> Iterator[Importer]:
    yield from imported(shell_on_each)


def written(jane: Importer, content: bytes, name: str = "export") -> str:
    path = jane.shell.folder / name
    path.write_bytes(content)
    return str(path)


def properties(jane: Importer) -> dict[str, dict[str, Any]]:
    """The properties of the last event of each name."""
    rows = jane.rows("name, properties")
    return {bytes(name).decode(): json.loads(bytes(text)[1:] or b"{}") for name, text in rows}


def test_each_vendors_export_is_stored_once(jane_on_each: Importer) -> None:
    jane = jane_on_each
    for vendor, (content, names) in FILES.items():
        list_id = jane.list_id = int(jane.shell.ok("list", "add", EMAIL, vendor))
        file = written(jane, content)
        said = jane.ok(file, "--from", vendor)
        assert sorted(jane.names()) == sorted(names), vendor
        assert f"Stored {len(names)} events; 0 were there already." in said, vendor
        again = jane.ok(file, "--from", vendor)
        assert f"Stored 0 events; {len(names)} were there already." in again, vendor
        assert len(jane.rows(list_id=list_id)) == len(names)


def test_events_are_those_of_the_vendors_sdk(jane: Importer) -> None:
    """At their own times, with their properties, of one person where an ID was said, and worth their money."""
    jane.ok(written(jane, export_files.SEGMENT), "--from", "segment")
    at = 1767603600_000
    assert [(moment - at,) for (moment,) in jane.rows("event_at")] == [
        (60_000,),
        (120_000,),
        (180_000,),
        (180_000,),
    ]
    found = properties(jane)
    assert found["page_view"]["$utm_source"] == "news"
    assert found["page_view"]["url"] == export_files.ADDRESS
    assert found["page_view"]["$lib"] == "analytics.js"
    assert found["conversion"]["conversion-id"] == "o-1"
    assert found["conversion"]["conversion-currency"] == "EUR"


def test_an_outlink_of_matomo_is_of_the_page_on_which_it_is(jane: Importer) -> None:
    jane.ok(written(jane, export_files.MATOMO), "--from", "matomo")
    found = properties(jane)["outlink"]
    assert (found["$current_url"], found["$target_url"]) == (
        export_files.ADDRESS,
        "https://elsewhere.example/",
    )


def test_an_address_is_kept_as_the_list_says(jane: Importer) -> None:
    jane.ok(written(jane, export_files.POSTHOG), "--from", "posthog")
    assert b"203.0.113.7" not in b"".join(bytes(text) for (text,) in jane.rows("properties"))


def test_what_umami_keeps_in_its_other_file_is_with_the_event(jane: Importer) -> None:
    jane.ok(written(jane, export_files.UMAMI), "--from", "umami")
    order = properties(jane)["Order Completed"]
    assert {name: order[name] for name in ("revenue", "gift", "$page_title", "$browser", "$current_url")} == {
        "revenue": 12.5, "gift": True, "$page_title": "Thank you, Ann", "$browser": "chrome",
        "$current_url": "https://shop.example/done",
    }  # fmt: skip
    alone = jane.ok(written(jane, export_files.UMAMI_EVENTS, "website_event.csv"), "--from", "umami")
    assert "Stored 0 events; 2 were there already" in alone


def test_an_event_that_came_by_the_sdk_is_there_already(jane: Importer) -> None:
    """In other words even, and with `isTest` among its properties, which means nothing in an SDK."""
    rows = [
        {"type": "track", "event": "seen", "userId": "u-1", "messageId": "m-1", "timestamp": f"2026-01-05T09:00:0{second}Z"}
        for second in (1, 2)
    ]  # fmt: skip
    jane.ok(written(jane, json_lines({**rows[0], "properties": {"isTest": True}})), "--from", "segment")
    said = jane.ok(written(jane, json_lines(rows[1])), "--from", "segment")
    assert (jane.names(), "Stored 0 events; 1 were there already" in said) == (["seen"], True)


def sent_by_a_page(jane: Importer, *messages: dict[str, Any]) -> None:
    """Send Segment's messages by the list's public id."""
    page = InProcess(jane.shell.settings["TRACKER_DATABASE_URL"], jane.shell.folder, is_upgraded=False)
    with closing(page):
        user = page.services.stores.users.find(EMAIL)
        found = page.services.stores.lists.owned(user.id if user else 0, jane.list_id)
        assert found is not None
        sent = json.dumps({"batch": messages, "writeKey": found.tracker_id}).encode()
        answer = page.request(
            "POST", "/sdk/segment/v1/batch", headers={"Origin": "https://shop.example"}, data=sent
        )
        assert answer.status == 200, answer.text


def of_a_page(number: int, at: int, **more: Any) -> dict[str, Any]:
    """A message of a browser, at a second since 1970."""
    return {
        "type": "track", "event": "Order Completed", "messageId": f"m-{number}", "anonymousId": export_files.VISITOR, "userId": "u-1",
        "timestamp": at, "properties": {**export_files.ORDER, "items": [{"sku": 7}]}, **more,
    }  # fmt: skip


def test_what_pages_sent_is_there_already(jane_on_each: Importer) -> None:
    """Times are a little other ones. Only who somebody is, is said again: an export is believed, and a page is not."""
    jane, now = jane_on_each, int(time.time())
    page = {
        "type": "page",
        "messageId": "m-2",
        "properties": {"url": "https://shop.example/?utm_source=news"},
    }
    identify = {"type": "identify", "messageId": "m-3", "traits": {"email": "ann@example.com"}}
    events = [of_a_page(n, now - 9, **more) for n, more in enumerate(({}, page, identify), 1)]
    sent_by_a_page(jane, *events)
    before = sorted(jane.names())
    assert before == ["Order Completed", "conversion", "identify", "page_view"]
    server = {**of_a_page(4, now), "anonymousId": None}
    rows = [*({**each, "timestamp": now - 8, "receivedAt": now} for each in events), server]
    file = written(jane, json_lines(*rows))
    said = jane.ok(file, "--from", "segment")
    assert sorted(jane.names()) == sorted([*before, "identify", "identify", "Order Completed", "conversion"])
    assert "Stored 4 events; 3 were there already." in said
    assert "Stored 0 events; 7 were there already." in jane.ok(file, "--from", "segment")


@pytest.mark.parametrize(
    "forged",
    [
        {"anonymousId": "0f8fad5b-d9cb-469f-a165-000000000000"},
        {"userId": "u-2"},
        {"event": "other"},
        {"properties": {}},
        {"properties": {**export_files.ORDER, "revenue": 0.01}},
        {"timestamp": "2026-01-05T09:00:00Z"},
    ],
)  # fmt: skip
def test_who_knows_the_id_of_an_event_keeps_it_out_of_no_import(
    jane: Importer, forged: dict[str, Any]
) -> None:
    now = int(time.time())
    sent_by_a_page(jane, of_a_page(1, now) | forged)
    there = len([name for name in jane.names() if name == "Order Completed"])
    jane.ok(written(jane, json_lines(of_a_page(1, now))), "--from", "segment")
    assert jane.names().count("Order Completed") == there + 1


def test_goals_without_an_order_are_worth_their_money_once(jane: Importer) -> None:
    """Nothing in Matomo tells two of them apart but where they stand."""
    goal = {"type": "goal", "goalId": 3, "revenue": 2, "timestamp": 1767603600}
    visit = {
        "idSite": "1",
        "idVisit": "7",
        "visitorId": "0123456789abcdef",
        "actionDetails": [goal, goal, {"type": "new"}, 7],
    }
    file = written(jane, json.dumps([visit, {**visit, "visitorId": None}]).encode())
    for stored, there in ((4, 0), (0, 4)):
        done = jane.shell.run(*jane.arguments(file, "--from", "matomo"))
        assert (done.exit_code, done.stdout) == (3, f"Stored {stored} events; {there} were there already.\n")
        assert "1 of 2 lines were rejected" in done.stderr
    assert sorted(jane.names()) == ["conversion", "conversion", "goal_3", "goal_3"]
    assert [line for line, _, _ in rejected(f"{file}.rejected")] == [2]


def test_no_money_is_stored_without_its_event(jane: Importer) -> None:
    line = {"type": "track", "userId": "u", "timestamp": "2026-01-05T09:00:00Z"}
    many = [{**line, "event": "Seen", "messageId": f"s-{number}"} for number in range(499)]
    sold = {"revenue": 44, "order_id": "o-1"}
    sent = [
        {**line, "event": "A", "messageId": "m-1"},
        {**line, "event": "B", "messageId": "m-1", "properties": sold},
        *many,
        {**line, "event": "C", "messageId": "m-2", "properties": {"revenue": 5}},
    ]
    jane.ok(written(jane, json_lines(*sent)), "--from", "segment")
    names = [bytes(name).decode() for (name,) in jane.rows("name")]
    assert [name for name in names if name != "Seen"] == ["A", "C", "conversion"]


def test_lines_that_are_none_of_the_vendor_are_told(jane: Importer) -> None:
    good = {
        "type": "track",
        "event": "seen",
        "userId": "u-1",
        "messageId": "m-1",
        "timestamp": "2026-01-05T09:00:01Z",
    }
    lines = [
        good,
        "no json",
        {"event": "seen"},
        {**good, "timestamp": "1999-01-01T00:00:00Z"},
        {**good, "timestamp": None},
        7,
    ]
    content = b"".join(f"{line if isinstance(line, str) else json.dumps(line)}\n".encode() for line in lines)
    file = written(jane, gzip.compress(content))
    done = jane.shell.run(*jane.arguments(file, "--from", "segment"))
    assert (done.exit_code, jane.names()) == (3, ["seen"])
    told = [(line, codes) for line, codes, _ in rejected(f"{file}.rejected")]
    assert told == [(2, [100000]), (3, [100000]), (4, [18]), (5, [18]), (6, [100000])]


@pytest.mark.parametrize(
    ("content", "vendor", "line"),
    [
        (export_files.PLAUSIBLE_SUMS, "plausible", "Plausible exports sums of days as CSV"),
        (b'"date","visitors"\n"2026-01-05",1\n', "plausible", "Plausible exports sums of days as CSV"),
        (zipped(pages__csv=b"x,y\n"), "umami", "the zip file has no website_event.csv"),
        (b"website_id,created_at\n", "umami", "the first line names no column 'event_id'"),
        (b"PK\x03\x04 and no more", "amplitude", "the zip file is broken"),
    ],
)  # fmt: skip
def test_what_is_no_export_of_events_is_said_in_one_line(
    jane: Importer, content: bytes, vendor: str, line: str
) -> None:
    file = written(jane, content)
    kept = Path(f"{file}.rejected")
    kept.write_text("kept")
    assert jane.shell.fails(*jane.arguments(file, "--from", vendor)).startswith(line)
    assert (kept.read_text(), jane.names()) == ("kept", [])
    said = jane.shell.fails(*jane.arguments(file, "--from", vendor, "--format", "csv"))
    assert said.startswith("An export has its own format")


def test_a_file_that_breaks_off_is_stored_as_far_as_it_goes(jane: Importer) -> None:
    """Here the end of what gzip has packed is missing, which a second run with the whole file makes good."""
    rows = [
        {
            "type": "track",
            "event": "seen",
            "userId": f"u-{n}",
            "messageId": f"m-{n}",
            "timestamp": 1767603600 + n,
        }
        for n in range(300)
    ]
    packed = gzip.compress(json_lines(*rows))
    file = written(jane, packed[: len(packed) // 2])
    done = jane.shell.run(*jane.arguments(file, "--from", "segment"))
    stored = len(jane.names())
    assert (done.exit_code, 0 < stored < 300) == (3, True)
    assert rejected(f"{file}.rejected")[-1][1] == [100000]
    assert f"Stored {300 - stored} events; {stored} were" in jane.ok(
        written(jane, packed), "--from", "segment"
    )
