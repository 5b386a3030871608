"""Trigger store: what a list's owner wants to be told of, at which URL, and whether it is paused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any

from tracker.storage.accounts.lists import folded
from tracker.storage.engine.database import Database
from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.schema.models import TriggerRow
from tracker.storage.shards import lock_list
from tracker.storage.triggers import delivery_queue, pause_notices

#: Triggers of one list.
MAX_TRIGGERS = 100
#: Milliseconds for which messages are signed with the former secret too, after it was exchanged.
OLD_SECRET_MS = 24 * 3_600_000
#: A callback that runs in the transaction of a change that was not refused; it gets the number of the trigger.
AfterTrigger = Callable[[Transaction, int], None]


class PausedBy(IntEnum):
    """The reason for which a trigger is paused. The number is stored."""

    NOTHING = 0
    USER = 1
    #: Nothing was accepted for a day.
    FAILURES = 2
    #: More wait than are kept.
    BACKLOG = 3
    #: RE2 refuses a regular expression among its conditions.
    CONDITIONS = 4


@dataclass(frozen=True, slots=True)
class ListTrigger:
    """A trigger of a list. `rule` is the JSON of its further conditions; times are UTC milliseconds.

    One on a segment has a `segment_id`, and no event; it tells of exits, or else of entries.
    """

    id: int
    list_id: int
    name: str
    event: str
    rule: bytes
    url: str
    secret: bytes
    old_secret: bytes | None
    old_secret_until: int
    is_active: bool
    paused_by: int
    active_from: int
    failing_since: int | None
    last_failure: str | None
    created_at: int
    segment_id: int | None
    is_exit: bool
    looked_at: int
    look_failure: str | None

    def secrets(self, now: int) -> list[bytes]:
        """Return the secrets that sign messages now, the newest first."""
        return [self.secret, *([self.old_secret] if self.old_secret and now < self.old_secret_until else [])]


_SELECT = f"SELECT {', '.join(ListTrigger.__slots__)} FROM triggers"
#: How each of these columns is read.
_READERS = [getattr(TriggerRow, name).python_value for name in ListTrigger.__slots__]


class TriggerFault(Enum):
    """The reason for which a change of a trigger is refused."""

    GONE = "there is no such trigger"
    NAME_TAKEN = "another trigger has this name"
    TOO_MANY = "the list has as many triggers as it may"
    NO_SEGMENT = "there is no such segment"


class TriggerRefused(Exception):
    """A change was refused, and nothing was written."""

    def __init__(self, fault: TriggerFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Triggers:
    """The triggers of lists. The caller has checked who owns the list. The number of a trigger is never used again."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def of_list(self, list_id: int, deadline: float | None = None) -> list[ListTrigger]:
        """Return the triggers of a list, oldest first."""
        return self._database.read(lambda transaction: _of_list(transaction, list_id), deadline)

    def find(self, list_id: int, trigger_id: int, deadline: float | None = None) -> ListTrigger | None:
        found = self.of_list(list_id, deadline)
        return next((trigger for trigger in found if trigger.id == trigger_id), None)

    def add(
        self, list_id: int, values: dict[str, Any], then: AfterTrigger, deadline: float | None = None
    ) -> int:
        """Add a trigger of these columns and return its number. Raises TriggerRefused (NAME_TAKEN, TOO_MANY, NO_SEGMENT)."""
        has_segment = self._has_segment(list_id, values, deadline)
        return self._changed(
            list_id, lambda t: _add(t, list_id, values, has_segment, self._now()), then, deadline
        )

    def change(
        self,
        list_id: int,
        trigger_id: int,
        values: dict[str, Any],
        then: AfterTrigger,
        deadline: float | None = None,
    ) -> None:
        """Change columns of a trigger.

        `secret` exchanges it, `is_active` pauses it or sets it going from now on. Raises TriggerRefused (GONE, NAME_TAKEN, NO_SEGMENT).
        """
        has_segment = self._has_segment(list_id, values, deadline)
        self._changed(
            list_id,
            lambda t: _change(t, list_id, trigger_id, values, has_segment, self._now()),
            then,
            deadline,
        )

    def _has_segment(self, list_id: int, values: dict[str, Any], deadline: float | None) -> bool:
        """Whether the segment among the values, if there is one, is the list's. It is at the head, so it is asked before."""
        if (number := values.get("segment_id")) is None:
            return True
        sql = "SELECT 1 FROM segments WHERE list_id = ? AND id = ?"
        return bool(
            self._database.read(lambda transaction: transaction.select(sql, (list_id, number)), deadline)
        )

    def _changed(
        self,
        list_id: int,
        change: Callable[[Transaction], int | TriggerFault],
        then: AfterTrigger,
        deadline: float | None,
    ) -> int:
        """Run a change. A refusal raised inside would roll back the neighbours in the group too."""

        def write(transaction: Transaction) -> int | TriggerFault:
            outcome = change(transaction)
            if not isinstance(outcome, TriggerFault):
                then(transaction, outcome)
            return outcome

        outcome = self._database.write(write, deadline, list_id)
        if isinstance(outcome, TriggerFault):
            raise TriggerRefused(outcome)
        return outcome


def active_triggers(transaction: Transaction, among: Among = ALL_LISTS) -> list[ListTrigger]:
    """Return the triggers of lists that are not paused."""
    return _selected(transaction, f"is_active = 1{among.sql}", among.values)


def active_trigger(transaction: Transaction, trigger: ListTrigger) -> ListTrigger | None:
    """Return a trigger as it is now; None if it is paused or gone."""
    key = (trigger.list_id, trigger.id)
    return next(iter(_selected(transaction, "list_id = ? AND id = ? AND is_active = 1", key)), None)


def active_since(transaction: Transaction, list_id: int, trigger_ids: Iterable[int]) -> dict[int, int]:
    """Return since when those of the triggers that are not paused are active with their conditions, until this transaction ends."""
    keys = [(list_id, each) for each in sorted(set(trigger_ids))]
    sql = "SELECT id, active_from, is_active FROM triggers"
    rows = transaction.lookup(sql, ("list_id", "id"), keys, is_locking=True)
    return {number: active_from for number, active_from, is_active in rows if is_active}


def owners(transaction: Transaction, list_ids: Iterable[int]) -> dict[int, int]:
    """Return whose these lists are."""
    wanted = [(each,) for each in sorted(set(list_ids))]
    return dict(transaction.lookup("SELECT id, user_id FROM lists", ("id",), wanted))


def remove_trigger(transaction: Transaction, list_id: int, trigger_id: int) -> bool:
    """Remove a trigger; return whether there was one. Its deliveries go in steps: `delivery_steps`."""
    return bool(
        transaction.change("DELETE FROM triggers WHERE list_id = ? AND id = ?", (list_id, trigger_id))
    )


def pause(transaction: Transaction, trigger: ListTrigger, reason: PausedBy, now: int) -> None:
    """Pause a trigger: what waits is kept, and is not sent. One that was not paused by a user is told once (`pause_notices`)."""
    is_by_user = reason is PausedBy.USER
    sql = "UPDATE triggers SET is_active = 0, paused_by = ?, paused_at = ? WHERE list_id = ? AND id = ? AND is_active = 1"
    values = (int(reason), None if is_by_user else now, trigger.list_id, trigger.id)
    if not transaction.change(sql, values):
        return
    delivery_queue.hold_all(transaction, trigger.list_id, trigger.id)
    if not is_by_user:
        pause_notices.note_pause(transaction, trigger.list_id, trigger.id, now)


def note_failure(transaction: Transaction, trigger: ListTrigger, now: int, failure: str) -> int:
    """Note a failed delivery; return since when there was no other, in UTC milliseconds."""
    key = (trigger.list_id, trigger.id)
    sql = "UPDATE triggers SET failing_since = COALESCE(failing_since, ?), last_failure = ? WHERE list_id = ? AND id = ?"
    transaction.execute(sql, (now, failure[:100].encode()[:400], *key))
    rows = transaction.select("SELECT failing_since FROM triggers WHERE list_id = ? AND id = ?", key)
    return int(rows[0][0]) if rows else now


def note_success(transaction: Transaction, trigger: ListTrigger) -> None:
    """Note that a delivery was accepted."""
    sql = "UPDATE triggers SET failing_since = NULL, last_failure = NULL WHERE list_id = ? AND id = ?"
    transaction.execute(sql, (trigger.list_id, trigger.id))


def _of_list(transaction: Transaction, list_id: int) -> list[ListTrigger]:
    return _selected(transaction, "list_id = ?", (list_id,))


def _selected(transaction: Transaction, where: str, values: Row) -> list[ListTrigger]:
    """Return triggers, oldest first. The statement is prepared: peewee's builder costs ten times as much, a few times a second."""
    rows = transaction.select(f"{_SELECT} WHERE {where} ORDER BY id", values)
    return [ListTrigger(*(read(value) for read, value in zip(_READERS, row, strict=True))) for row in rows]


def _locked(transaction: Transaction, list_id: int) -> list[ListTrigger]:
    """Return the triggers, with the list locked, so that triggers of one list change one after the other."""
    lock_list(transaction, list_id)
    return _of_list(transaction, list_id)


def _add(
    transaction: Transaction, list_id: int, values: dict[str, Any], has_segment: bool, now: int
) -> int | TriggerFault:
    existing = _locked(transaction, list_id)
    if _is_taken(existing, values["name"]):
        return TriggerFault.NAME_TAKEN
    if len(existing) >= MAX_TRIGGERS:
        return TriggerFault.TOO_MANY
    if not has_segment:
        return TriggerFault.NO_SEGMENT
    made = {"list_id": list_id, "active_from": now, "created_at": now, "old_secret_until": 0}
    paused = {"paused_by": int(PausedBy.NOTHING if values["is_active"] else PausedBy.USER)}
    query = TriggerRow.insert(folded_name=folded(values["name"]), **made, **paused, **values)
    return int(transaction.run(query))


def _change(
    transaction: Transaction,
    list_id: int,
    trigger_id: int,
    values: dict[str, Any],
    has_segment: bool,
    now: int,
) -> int | TriggerFault:
    existing = _locked(transaction, list_id)
    trigger = next((each for each in existing if each.id == trigger_id), None)
    if trigger is None:
        return TriggerFault.GONE
    if "name" in values and _is_taken([each for each in existing if each.id != trigger_id], values["name"]):
        return TriggerFault.NAME_TAKEN
    if not has_segment:
        return TriggerFault.NO_SEGMENT
    columns = _changed_columns(trigger, values, now)
    is_active = columns.pop("is_active", trigger.is_active)
    if is_active and not trigger.is_active:
        columns |= _set_going(transaction, trigger, now)
    elif trigger.is_active and not is_active:
        pause(transaction, trigger, PausedBy.USER, now)
    if columns:
        key = (TriggerRow.list_id == list_id, TriggerRow.id == trigger_id)
        transaction.run(TriggerRow.update(**columns).where(*key))
    return trigger_id


def _changed_columns(trigger: ListTrigger, values: dict[str, Any], now: int) -> dict[str, Any]:
    """Return the columns to write for these values, `is_active` among them."""
    columns = dict(values)
    if "name" in values:
        columns["folded_name"] = folded(values["name"])
    if "secret" in values:
        columns |= {"old_secret": trigger.secret, "old_secret_until": now + OLD_SECRET_MS}
    if values.keys() & {
        "event",
        "rule",
        "segment_id",
        "is_exit",
    }:  # what was before was judged by the former conditions
        columns["active_from"] = now
    return columns


def _set_going(transaction: Transaction, trigger: ListTrigger, now: int) -> dict[str, Any]:
    delivery_queue.release_all(transaction, trigger.list_id, trigger.id, now)
    return {
        "is_active": True, "paused_by": int(PausedBy.NOTHING), "active_from": now, "failing_since": None, "last_failure": None,
        "paused_at": None,
    }  # fmt: skip


def _is_taken(triggers: list[ListTrigger], name: str) -> bool:
    """Whether a trigger has the name, in any letter case."""
    return folded(name) in {folded(trigger.name) for trigger in triggers}
