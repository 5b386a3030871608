"""Is a forgotten person in no file any more, in no form, when the proof says so? SQLite: a server's files are its own."""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.client import InProcess, Shop
from tracker.storage.engine.database import Database

#: A text that nothing else contains, in letters that JSON escapes in some forms.
MARK = "zwölfmarke-7f3a"
MAIL = "zwoelfmarke-7f3a@example.com"


@pytest.fixture
def client(tmp_path: Path) -> Any:
    client = InProcess(f"sqlite:///{tmp_path}/var/tracker.db", tmp_path)
    yield client
    client.close()


@pytest.fixture
def shop(client: InProcess) -> Shop:
    shop = client.open_shop("owner@example.com")
    field = {"SubscriberListID": shop.list_id, "FieldName": "City", "MergeTagAlias": "City"}
    assert client.call("customfield.create", shop.key, **field).status == 200
    return shop


def send(client: InProcess, shop: Shop, *events: dict[str, Any]) -> None:
    for start in range(0, len(events), 500):
        part = list(events[start : start + 500])
        answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=part)
        assert answer.status == 200, answer.body
        assert {result["status"] for result in answer.body["results"]} == {"ok"}


def live(client: InProcess, shop: Shop) -> list[bytes]:
    """A life among others': small and large properties, an address that changed, a field that did, an order."""
    browser, numbers = str(uuid.uuid4()), itertools.count()

    def others(count: int) -> list[dict[str, Any]]:
        names = [hashlib.sha256(str(next(numbers)).encode()).hexdigest()[:12] for _ in range(count)]
        return [
            {"Event": "seen", "Email": f"{n}@example.com", "EventID": n, "Properties": {"a": n * 9}}
            for n in names
        ]

    send(client, shop, *others(600))
    send(
        client,
        shop,
        {"Event": "seen", "UUID": browser, "EventID": f"{MAIL[:12]}-1", "Properties": {"secret": MARK}},
    )
    identify = {"Event": "identify", "UUID": browser, "Email": MAIL, "ID": f"id-{MARK}"}
    send(client, shop, identify | {"IdentifyProperties": {"City": f"{MARK} old"}})
    send(client, shop, *others(600))
    send(client, shop, identify | {"IdentifyProperties": {"City": f"{MARK} new " * 600}})
    send(
        client,
        shop,
        *({"Event": "seen", "Email": MAIL, "Properties": {MARK[:4]: MARK * n}} for n in (1, 50, 900)),
    )
    order = {"conversion-id": MARK, "conversion-name": f"Order of {MARK}", "conversion-value": 1}
    send(client, shop, {"Event": "conversion", "Email": MAIL, "Properties": order})
    send(client, shop, *others(600))
    client.services.ingest.flush()
    digests = [hashlib.sha256(text.encode()).digest() for text in (MAIL, MARK, f"id-{MARK}")]
    escaped = [json.dumps(MARK)[1:-1].encode(), json.dumps(MARK)[1:-1].upper().encode()]
    texts = [
        MARK.encode(),
        MARK.encode("utf-16-le"),
        b"zwoelfmarke",
        uuid.UUID(browser).bytes,
        browser.encode(),
    ]
    return [*texts, *escaped, *digests, *(digest.hex().encode() for digest in digests)]


def found(folder: Path, needles: list[bytes]) -> dict[str, list[bytes]]:
    """{file: those of the bytes that are in it}, in any letter case, of every file below a folder."""
    files = {path.name: path.read_bytes().lower() for path in folder.rglob("*") if path.is_file()}
    there = {name: [each for each in needles if each.lower() in content] for name, content in files.items()}
    return {name: each for name, each in there.items() if each}


def test_no_file_has_anything_of_a_subscriber_when_it_is_proven(
    client: InProcess, shop: Shop, tmp_path: Path
) -> None:
    needles = live(client, shop)
    before = {needle for each in found(tmp_path / "var", needles).values() for needle in each}
    assert {MARK.encode(), b"zwoelfmarke", hashlib.sha256(MAIL.encode()).digest()} <= before
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=MAIL)
    assert (answer.status, answer.body["Status"]) == (200, "finished"), answer.body
    assert all(check["Found"] == 0 for check in answer.body["Checks"])
    assert found(tmp_path / "var", needles) == {}
    assert (tmp_path / "var" / "tracker.db-wal").exists(), "somebody has it open"


def test_while_somebody_reads_an_older_state_it_is_not_proven(
    client: InProcess, shop: Shop, tmp_path: Path
) -> None:
    needles = live(client, shop)
    reader = apsw.Connection(str(tmp_path / "var" / "tracker.db"))
    reader.execute("BEGIN; SELECT COUNT(*) FROM events").fetchall()
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress=MAIL)
    assert answer.body["Status"] == "running"
    number = int(answer.body["SubscriberID"])
    assert "tracker.db-wal" in found(tmp_path / "var", needles)
    assert client.call("subscriber.get", shop.key, ListID=shop.list_id, SubscriberID=number).status == 422
    reader.close()
    job = client.services.jobs.find(shop.list_id, "forget", number)
    claimed = client.services.jobs.claim(job)
    while claimed is not None and claimed.is_open:
        claimed.step()
    told = client.call("subscriber.forget", shop.key, ListID=shop.list_id, SubscriberID=number)
    assert told.body["Status"] == "finished"
    assert found(tmp_path / "var", needles) == {}


def test_what_is_deleted_in_other_ways_is_overwritten_too(
    client: InProcess, shop: Shop, tmp_path: Path
) -> None:
    """Else the bytes of somebody who was deleted first could not be forgotten any more."""
    needles = live(client, shop)
    storage: Database = client.services.storage
    assert storage.read(lambda t: t.select("PRAGMA secure_delete")) == [(1,)]
    assert storage.write(lambda t: t.select("PRAGMA secure_delete")) == [(1,)]
    assert client.call("subscriber.delete", shop.key, ListID=shop.list_id, EmailAddress=MAIL).status == 200
    assert storage.clean(1)
    left = found(tmp_path / "var", [b"zwoelfmarke-7f3a@", f"{MARK} new".encode()])
    assert left.get("tracker.db", []) == []
    assert needles
