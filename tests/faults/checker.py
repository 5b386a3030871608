"""Does the database hold what the ledger was promised? Lost, doubled, phantom, corrupt, and everything that is counted."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from tests.faults.acked_events import Sent, Story
from tests.faults.recount import Findings, catalogue_counts, properties_of, recount
from tests.faults.rows import Row, Tables, read_tables

#: An answer is there within a request's deadline, seen from outside; twice that on a machine that is busy with others.
ANSWER_SECONDS, MAX_SECONDS = 6.0, 12.0
IS_GENERATED, HAS_SENT_IDENTIFY = 1, 8


@dataclass(frozen=True, slots=True)
class Decision:
    """What was found: kinds of fault → examples."""

    faults: dict[str, list[str]]
    events: int

    @property
    def kinds(self) -> set[str]:
        return set(self.faults)

    @property
    def summary(self) -> str:
        """One line for a table."""
        return ", ".join(f"{len(found)} {kind}" for kind, found in self.faults.items()) or "nothing wrong"

    def __str__(self) -> str:
        lines = [
            f"{kind}: {len(found)}, such as {'; '.join(found[:3])}" for kind, found in self.faults.items()
        ]
        return "\n".join(lines) or "nothing wrong"


def check(url: str, story: Story, is_healed: bool = False) -> Decision:
    """Compare a database nobody writes to with the story of the ledgers; `is_healed`: all must be counted by now."""
    tables, damage = read_tables(url)
    found: dict[str, list[str]] = defaultdict(list)
    counted = catalogue_counts(tables) if is_healed else ()
    for kind, what in [*(("corrupt", text) for text in damage), *_findings(tables, story), *counted]:
        found[kind].append(what)
    return Decision(dict(found), len(tables["events"]))


def _findings(tables: Tables, story: Story) -> Findings:
    stored: dict[int, list[Row]] = defaultdict(list)
    for event in tables["events"]:
        if not event.flags & IS_GENERATED:
            stored[properties_of(event)["n"]].append(event)
    yield from _presence(stored, story)
    yield from _answers(story)
    contents = Contents(tables)
    for n, rows in stored.items():
        if n in story.events:
            for what in contents.differences(rows[0], story.events[n]):
                yield "corrupt", f"event {n}: {what}"
    yield from _identifies(tables)
    yield from recount(tables)


def _presence(stored: dict[int, list[Row]], story: Story) -> Findings:
    for n, sent in story.events.items():
        if sent.kind == "good" and sent.is_acknowledged and not stored.get(n):
            yield "lost", f"event {n}: {sent.outcomes}"
    for n, rows in stored.items():
        if len(rows) > 1:
            yield "doubled", f"event {n}: rows {[row.id for row in rows]}"
        if n not in story.events:
            yield "phantom", f"event {n} was never sent"
        elif not story.events[n].may_be_stored:
            yield (
                "phantom",
                f"event {n} ({story.events[n].kind}) was only answered with {story.events[n].outcomes}",
            )


def _answers(story: Story) -> Findings:
    for n, sent in story.events.items():
        outcomes = [outcome for outcome, _ in sent.outcomes]
        if "unexpected" in outcomes:
            yield "answers", f"event {n}: {sent.outcomes}"
        if sent.kind == "good" and (
            outcomes.count("ack") > 1 or "refused" in outcomes or len(sent.uuids) > 1
        ):
            yield "answers", f"event {n} was answered in different ways: {sent.outcomes}"
        if sent.kind == "bad" and sent.is_acknowledged:
            yield "answers", f"event {n} is acknowledged and should be refused: {sent.params}"
    late = [seconds for seconds in story.seconds if seconds > MAX_SECONDS]
    if late:
        yield "late", f"{len(late)} answers, the last after {max(late)} s"


class Contents:
    """What a stored event says, all its tables taken together."""

    def __init__(self, tables: Tables) -> None:
        self._visitors = {(row.list_id, row.id): bytes(row.uuid) for row in tables["visitors"]}
        self._people = {(row.list_id, row.id): row for row in tables["subscribers"]}
        self._hidden = {row.id for row in tables["lists"] if row.is_hidden}
        self._keys = {(row.list_id, bytes(row.event_key)): row.event_id for row in tables["event_ids"]}

    def differences(self, row: Row, sent: Sent) -> Iterator[str]:
        params = sent.params
        pairs = {
            "name": (bytes(row.name).decode(), params["Event"]),
            "list": (None if row.list_id in self._hidden else row.list_id, params.get("ListID")),
            "properties": (json.dumps(properties_of(row)), json.dumps(params["Properties"])),
            "ID": (None if row.external_id is None else bytes(row.external_id).decode(), params.get("ID")),
            "time": (row.event_at, params.get("Timestamp", row.received_at)),
            "Email": (self._email(row, params), params.get("Email", "").lower()),
            "EventID": (self._row_id(row, params), row.id),
        }
        yield from (
            f"{name} {is_} should be {should}" for name, (is_, should) in pairs.items() if is_ != should
        )
        yield from self._visitor(row, sent)

    def _visitor(self, row: Row, sent: Sent) -> Iterator[str]:
        uuid = self._visitors.get((row.list_id, row.visitor_id))
        told = sent.uuids | ({sent.params["UUID"]} if "UUID" in sent.params else set())
        if uuid is None or told - {str(UUID(bytes=uuid))}:
            yield f"its visitor is {uuid!r}, told was {told}"

    def _email(self, row: Row, params: dict[str, str]) -> str:
        if "Email" not in params:
            return ""
        subscriber = self._people.get((row.list_id, row.subscriber_id))
        return bytes(subscriber.email_key or b"").decode() if subscriber else "of nobody"

    def _row_id(self, row: Row, params: dict[str, str]) -> int | None:
        return self._keys.get((row.list_id, params["EventID"].encode())) if "EventID" in params else row.id


def _identifies(tables: Tables) -> Findings:
    """Each event that brought an identify event with it has it, and no other is there."""
    brought = sum(
        bool(row.flags & HAS_SENT_IDENTIFY) and bytes(row.name) != b"identify" for row in tables["events"]
    )
    ours = sum(row.flags & IS_GENERATED for row in tables["events"])
    if brought != ours:
        yield "doubled" if ours > brought else "lost", f"{ours} identify events of ours for {brought} events"
