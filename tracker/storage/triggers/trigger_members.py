"""Members of a segment as a trigger was told of them: kept so that the next look finds who has come and who has gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tracker.domain.row_ids import received_ms
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.job_queue import Job, Step
from tracker.storage.triggers import delivery_queue
from tracker.storage.triggers.delivery_queue import NewDelivery
from tracker.storage.triggers.trigger_store import ListTrigger

#: The kind of the job that deletes the deliveries and members of a trigger that is gone.
DELETE_TRIGGER = "trigger.delete"

#: Kept as the rule of members while not all are kept of a rule that has come in the place of another.
_OTHERS = b""
_COLUMNS = ("list_id", "trigger_id", "subscriber_id")


class MemberMoves(NamedTuple):
    """Subscribers who are in a segment and not kept, and who are kept and not in it, as of a moment (UTC milliseconds).

    `is_all`: there are no more of them. `rule` is a digest of the segment's rule.
    """

    rule: bytes
    as_of: int
    entered: Sequence[int]
    left: Sequence[int]
    is_all: bool


#: Returns the deliveries of these subscribers, all of whom exist until the transaction ends.
MakeDeliveries = Callable[[Transaction, Sequence[int]], list[NewDelivery]]


def kept_members(transaction: Transaction, list_id: int, trigger_id: int) -> list[int]:
    """Return the subscribers whom a trigger keeps."""
    sql = "SELECT subscriber_id FROM trigger_members WHERE list_id = ? AND trigger_id = ?"
    return [row[0] for row in transaction.select(sql, (list_id, trigger_id))]


def apply_moves(
    transaction: Transaction, trigger: ListTrigger, moves: MemberMoves, make: MakeDeliveries, now: int
) -> int | None:
    """Keep who has come, and no more who has gone, with the deliveries that tell of it; return how many those are.

    None: the trigger is another one by now, and nothing was written. As long as the members of another rule are kept, or not all of
    this one's, nobody is told, but for subscribers who are newer than a trigger that had no members yet: they have come since it was
    made. Nobody is told of who was deleted meanwhile, nor twice of a move that is kept already.
    """
    list_id, number = trigger.list_id, trigger.id
    sql = (
        "SELECT members_of, is_active, active_from, segment_id, is_exit FROM triggers"
        f" WHERE list_id = ? AND id = ?{transaction.engine.for_update}"
    )
    rows = transaction.select(sql, (list_id, number))
    if not rows or rows[0][1:] != (1, trigger.active_from, trigger.segment_id, int(trigger.is_exit)):
        return None
    members_of = None if rows[0][0] is None else bytes(rows[0][0])
    is_told = members_of == moves.rule
    living = _living(transaction, list_id, moves.entered)
    came = sorted(living - _kept(transaction, list_id, number, living))
    left = sorted(_kept(transaction, list_id, number, moves.left))
    transaction.insert("trigger_members", _COLUMNS, [(list_id, number, each) for each in came])
    transaction.remove("trigger_members", _COLUMNS, [(list_id, number, each) for each in left])
    told = sorted(_living(transaction, list_id, left)) if trigger.is_exit else came
    if members_of is None:
        told = [] if trigger.is_exit else [each for each in came if received_ms(each) > trigger.active_from]
    elif not is_told:
        told = []
    made = make(transaction, told) if told else []
    delivery_queue.add_deliveries(transaction, list_id, made, now)
    sql = (
        "UPDATE triggers SET members_of = ?, looked_at = ?, look_failure = NULL WHERE list_id = ? AND id = ?"
    )
    if is_told or moves.is_all:
        members_of = moves.rule
    elif members_of is not None:
        members_of = _OTHERS
    transaction.execute(sql, (members_of, moves.as_of, list_id, number))
    return len(made)


def note_look_failure(transaction: Transaction, trigger: ListTrigger, failure: str) -> None:
    """Note why a segment could not be looked at."""
    sql = "UPDATE triggers SET look_failure = ? WHERE list_id = ? AND id = ?"
    transaction.execute(sql, (failure[:100].encode()[:400], trigger.list_id, trigger.id))


def delete_step(transaction: Transaction, job: Job, _now: int, most: int) -> Step:
    """Delete some deliveries and members of the trigger `job.subject_id`, which is gone."""
    rows = 0
    for table, key in (("deliveries", ("list_id", "id")), ("trigger_members", _COLUMNS)):
        sql = f"SELECT {', '.join(key)} FROM {table} WHERE list_id = ? AND trigger_id = ? LIMIT ?"
        found = transaction.select(sql, (job.list_id, job.subject_id, most - rows))
        rows += transaction.remove(table, key, sorted(found))
    return Step({}, rows, is_finished=rows < most)


def _living(transaction: Transaction, list_id: int, subscribers: Iterable[int]) -> set[int]:
    """Return those of the subscribers who are there, and stay until this transaction ends."""
    keys: list[Row] = [(list_id, each) for each in sorted(subscribers)]
    found = transaction.lookup("SELECT id FROM subscribers", ("list_id", "id"), keys, is_locking=True)
    return {row[0] for row in found}


def _kept(transaction: Transaction, list_id: int, trigger_id: int, subscribers: Iterable[int]) -> set[int]:
    keys: list[Row] = [(list_id, trigger_id, each) for each in sorted(subscribers)]
    found = transaction.lookup("SELECT subscriber_id FROM trigger_members", _COLUMNS, keys, is_locking=True)
    return {row[0] for row in found}
