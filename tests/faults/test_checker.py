"""Does the checker see what it is there to see? Each kind of harm is done to a database that was found faultless."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.faults.acked_events import Story
from tests.faults.checker import check
from tests.faults.harness import Harness, Load

SOME = "(SELECT id FROM events WHERE flags = 0 AND name <> x'636f6e76657273696f6e' LIMIT 1 OFFSET 7)"
COLUMNS = (
    "visitor_id, span, subscriber_id, name, event_at, received_at, claimed_at, sent_at, external_id, flags"
)
HARM = {
    "lost": f"DELETE FROM events WHERE id = {SOME}",
    "doubled": f"INSERT INTO events SELECT list_id, id + (1 << 40), {COLUMNS}, properties FROM events WHERE id = {SOME}",
    "phantom": f"INSERT INTO events SELECT list_id, 1, {COLUMNS}, CAST(x'01' || '{{\"n\": 1}}' AS BLOB) FROM events WHERE id = {SOME}",
    "corrupt": f"UPDATE events SET properties = CAST(replace(properties, '2.5', '2.6') AS BLOB) WHERE id = {SOME}",
    "corrupt: name": f"UPDATE events SET name = x'41' WHERE id = {SOME}",
    "corrupt: list": "UPDATE events SET list_id = 999 WHERE id = (SELECT MIN(id) FROM events)",
    "corrupt: visitor": f"UPDATE events SET visitor_id = visitor_id + 1 WHERE id = {SOME}",
    "corrupt: person": "UPDATE subscribers SET email_key = CAST('x' || email_key AS BLOB) WHERE email_key IS NOT NULL",
    "corrupt: EventID": "UPDATE event_ids SET event_id = -event_id",
    "corrupt: time": f"UPDATE events SET event_at = event_at + 1 WHERE id = {SOME}",
    "lost: identify": "DELETE FROM events WHERE id = (SELECT id FROM events WHERE flags & 1 LIMIT 1)",
    "catalogue": "DELETE FROM event_names WHERE name = (SELECT MIN(name) FROM event_names)",
    "catalogue: pair": "DELETE FROM event_properties WHERE property = x'74657874'",
    "catalogue: more": "INSERT INTO event_names SELECT list_id, x'42', 1, 0, 0, 0, 0, 0 FROM event_names LIMIT 1",
    "counters": "UPDATE event_counts SET events = events + 1 WHERE name = x'736561726368'",
    "counters: money": "UPDATE conversion_totals SET millionths = millionths + 1",
    "counters: id": "DELETE FROM conversions",
}
Seen = tuple[Path, Story]


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    """A database as a short load leaves it, and its story."""
    with Harness(workers=1) as tracker, Load(tracker, seed=1, most_events=700) as load:
        story = load.complete()
        tracker.stop()
        yield tracker.folder / "tracker.db", story


def test_what_is_right_is_found_right(seen: Seen) -> None:
    path, story = seen
    verdict = check(f"sqlite:///{path}", story)
    assert not verdict.faults, str(verdict)
    assert verdict.events >= story.acks > 500
    assert story.outcomes["refused"] > 10
    assert story.outcomes["duplicate"] > 5


@pytest.mark.parametrize("harm", HARM)
def test_harm_is_found(seen: Seen, harm: str, tmp_path: Path) -> None:
    path, story = seen
    harmed = shutil.copy(path, tmp_path / "harmed.db")
    connection = apsw.Connection(str(harmed))
    connection.execute(HARM[harm])
    assert connection.changes() > 0
    connection.close()
    assert harm.partition(":")[0] in check(f"sqlite:///{harmed}", story).kinds


def test_a_refused_event_that_is_stored_is_a_phantom(seen: Seen, tmp_path: Path) -> None:
    path, story = seen
    n = next(n for n, sent in story.events.items() if sent.is_acknowledged and sent.kind == "good")
    story.events[n].outcomes, kept = [("certain", 100012)], story.events[n].outcomes
    assert check(f"sqlite:///{path}", story).kinds == {"phantom"}
    story.events[n].outcomes = kept


def test_a_damaged_file_is_corrupt(seen: Seen, tmp_path: Path) -> None:
    path, story = seen
    connection = apsw.Connection(str(path))
    [(page,)] = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'events' AND type = 'index'"  # its key's
    )
    connection.close()
    content = bytearray(path.read_bytes())
    content[page * 4096 - 64 : page * 4096] = bytes(
        64
    )  # the end of the index's root page, where its entries are
    harmed = tmp_path / "harmed.db"
    harmed.write_bytes(content)
    assert "corrupt" in check(f"sqlite:///{harmed}", story).kinds
