"""Collector: counts refused calls and senders in memory, and writes them late, in a greenlet of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import gevent

from tracker.domain.masked_bodies import MAX_BODY_BYTES, without_values
from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage import rejections
from tracker.storage.accounts import Lists, ListSettingsStore
from tracker.storage.engine import (
    NOBODYS,
    Among,
    Database,
    Transaction,
    parts_of_all_lists,
    shard_of,
    trusted,
)
from tracker.storage.events import days_by_list
from tracker.storage.rejections import (
    DAY_MS,
    HOUR_MS,
    Group,
    Refusals,
    RefusedBody,
)
from tracker.storage.subscribers import FORGET

#: Seconds after a call by which it can be read here. Milliseconds between two deletions of what is too old.
FLUSH_SECONDS, PURGE_MS = 2.0, HOUR_MS
#: What one process keeps between two writes: groups, bodies, and senders. What goes beyond is counted under no sender.
MAX_GROUPS, MAX_BODIES, MAX_SENDERS = 500, 200, 2_000
#: Senders that are counted together.
OTHERS = rejections.OTHERS

_log = logging.getLogger("tracker.inbox")


class Addressee(NamedTuple):
    """Whose inbox a call belongs to: a list by number or public id, a user's events without a list, or nobody's."""

    user_id: int | None = None
    list_id: int | None = None
    tracker_id: str | None = None


class Sent(NamedTuple):
    """A body that was refused, as JSON with masked values and, if it is small enough, as it was."""

    masked: bytes
    whole: bytes | None
    event_key: str


class _Noticed:
    """What was noticed of one target, reason and sender since the last write."""

    __slots__ = ("bodies", "first_at", "hours", "last_at", "message")

    def __init__(self, at: int) -> None:
        self.first_at, self.last_at, self.message = at, at, b""
        self.hours: dict[int, int] = {}
        self.bodies: list[tuple[int, Sent]] = []

    def join(self, old: _Noticed) -> None:
        """Add what was noticed before."""
        self.first_at = min(self.first_at, old.first_at)
        for hour, count in old.hours.items():
            self.hours[hour] = self.hours.get(hour, 0) + count
        self.bodies = (old.bodies + self.bodies)[-rejections.MAX_BODIES :]


_Key = tuple[Addressee, str, str]
_Seen = tuple[Addressee, str, str]


class Inbox:
    """The inbox of one process. Nothing waits for it: what cannot be written is written later, or lost with the process."""

    def __init__(
        self,
        database: Database,
        lists: Lists,
        settings: ListSettingsStore,
        new_id: Callable[[float | None], int],
        now: Callable[[], int],
    ) -> None:
        self._database, self._lists, self._settings = database, lists, settings
        self._new_id, self._now = new_id, now
        self._noticed: dict[_Key, _Noticed] = {}
        self._seen: dict[_Seen, list[int]] = {}
        self._kept_bodies, self._purged_at = 0, 0
        self._is_due = self._is_closed = False
        self._next: gevent.Greenlet | None = None

    def seen(self, target: Addressee, kind: str, name: str, at: int, count: int = 1) -> None:
        """Count events of a sender: an origin, a key, a wish not to be tracked, a key that named no list."""
        key = (target, kind, name)
        found = self._seen.get(key)
        if found is None:
            if len(self._seen) >= MAX_SENDERS:
                key = (target if len(self._seen) < 2 * MAX_SENDERS else Addressee(), kind, OTHERS)
            found = self._seen.setdefault(key, [0, at])
            self._write_soon()
        found[0] += count
        found[1] = at

    def refused(self, target: Addressee, reason: str, sender: str, message: bytes, count: int = 1) -> bool:
        """Count refused calls; return whether a body of them may be kept."""
        at, key = self._now(), (target, reason, sender)
        found = self._noticed.get(key)
        if found is None:
            if len(self._noticed) >= MAX_GROUPS:
                key = (target if len(self._noticed) < 2 * MAX_GROUPS else Addressee(), reason, OTHERS)
            found = self._noticed.setdefault(key, _Noticed(at))
            self._write_soon()
        found.last_at, found.message = at, message
        hour = at // HOUR_MS
        found.hours[hour] = found.hours.get(hour, 0) + count
        return self._kept_bodies < MAX_BODIES and len(found.bodies) < rejections.MAX_BODIES

    def keep(self, target: Addressee, reason: str, sender: str, sent: Sent) -> None:
        """Keep a body of what `refused` counted and said may be kept."""
        found = self._noticed.get((target, reason, sender)) or self._noticed.get((target, reason, OTHERS))
        if found is not None and len(sent.masked) <= MAX_BODY_BYTES:
            found.bodies.append((self._now(), sent))
            self._kept_bodies += 1

    def flush(self) -> None:
        """Write what was noticed, now. What storage does not take stays for the next time."""
        noticed, seen = self._noticed, self._seen
        self._noticed, self._seen, self._kept_bodies, self._is_due = {}, {}, 0, False
        try:
            parts = self._by_shard(noticed, seen)
        except StorageUnavailable:
            return self._later(noticed, seen)
        is_written = [self._flush_part(*part) for part in parts]
        if not all(is_written):
            return None
        try:
            self._purge()
        except (StorageUnavailable, OutcomeUnknown):
            _log.warning("old refused calls are kept: storage is not available")
        return None

    def _later(self, noticed: Mapping[_Key, _Noticed], seen: Mapping[_Seen, list[int]]) -> None:
        _log.warning("refused calls are counted later: storage is not available")
        self._put_back(noticed, seen)
        self._write_soon()

    def _by_shard(
        self, noticed: Mapping[_Key, _Noticed], seen: Mapping[_Seen, list[int]]
    ) -> list[tuple[int, dict[_Key, _Noticed], dict[_Seen, list[int]]]]:
        """Return what was noticed of the lists of each shard, with one of these lists."""
        parts: dict[int, tuple[int, dict[_Key, _Noticed], dict[_Seen, list[int]]]] = {}

        def part_of(target: Addressee) -> tuple[int, dict[_Key, _Noticed], dict[_Seen, list[int]]]:
            list_id = self._list_of(target)
            return parts.setdefault(shard_of(list_id, self._database.shards), (list_id, {}, {}))

        for key, refused in noticed.items():
            part_of(key[0])[1][key] = refused
        for key, count in seen.items():
            part_of(key[0])[2][key] = count
        return list(parts.values())

    def _flush_part(self, list_id: int, noticed: dict[_Key, _Noticed], seen: dict[_Seen, list[int]]) -> bool:
        """Write what was noticed of some lists of one shard; return False if that is for later."""
        try:
            groups = self._groups(noticed)
            allowed = {key[0]: self._allowed(key[0]) for key in groups}
            write = partial(self._write, groups=groups, allowed=allowed, senders=self._senders(seen))
            self._database.write(write, list_id=list_id)
        except StorageUnavailable:
            self._later(noticed, seen)
            return False
        except OutcomeUnknown:
            _log.warning("counts of refused calls may be lost: the reply to their commit was")
        return True

    def _put_back(self, noticed: Mapping[_Key, _Noticed], seen: Mapping[_Seen, list[int]]) -> None:
        """Keep for the next time what could not be written, within the bounds: a long outage must not fill the memory."""
        for key, old in noticed.items():
            if key in self._noticed:
                self._noticed[key].join(old)
            elif len(self._noticed) < MAX_GROUPS:
                self._noticed[key] = old
        for who, (count, at) in seen.items():
            if who in self._seen:
                self._seen[who][0] += count
            elif len(self._seen) < MAX_SENDERS:
                self._seen[who] = [count, at]
        self._kept_bodies = sum(len(each.bodies) for each in self._noticed.values())

    def close(self) -> None:
        """Write what was noticed, and start nothing afterwards."""
        self._is_closed = True
        if self._next is not None:
            self._next.kill()
        self.flush()

    def _write_soon(self) -> None:
        if not self._is_due and not self._is_closed:
            self._is_due = True
            self._next = gevent.spawn_later(FLUSH_SECONDS, self.flush)

    def _list_of(self, target: Addressee) -> int:
        """Return the list of a target: what is no list of the user's goes to their events without a list."""
        if target.tracker_id is not None:
            found = self._lists.public(target.tracker_id)
            if target.user_id is None:
                return NOBODYS if found is None else found.id
            if found is not None and found.user_id == target.user_id:
                return found.id
        if target.user_id is None:
            return NOBODYS if target.list_id is None else target.list_id
        if target.list_id is not None and (own := self._lists.owned(target.user_id, target.list_id)):
            return own.id
        return self._lists.hidden_id(target.user_id)

    def _groups(self, noticed: Mapping[_Key, _Noticed]) -> dict[Group, Refusals]:
        groups: dict[Group, Refusals] = {}
        for (target, reason, sender), found in noticed.items():
            list_id = self._list_of(target)
            is_whole = list_id != NOBODYS and self._settings.of(list_id).is_refused_value_kept
            bodies = list(self._bodies(found, is_whole))
            key = (list_id, reason, _cut(sender))
            new = Refusals(found.message, found.first_at, found.last_at, found.hours, bodies)
            groups[key] = _joined(groups[key], new) if key in groups else new
        return groups

    def _bodies(self, found: _Noticed, is_whole: bool) -> Iterator[RefusedBody]:
        for at, sent in found.bodies:
            number = self._new_id(None)
            key = sent.event_key or f"r{number}"
            whole = sent.whole if is_whole else None
            yield RefusedBody(number, at, key, whole is not None, sent.masked if whole is None else whole)

    def _senders(self, seen: Mapping[_Seen, list[int]]) -> dict[tuple[int, int, str, str], tuple[int, int]]:
        counts: dict[tuple[int, int, str, str], tuple[int, int]] = {}
        for (target, kind, name), (total, at) in seen.items():
            key = (self._list_of(target), at // DAY_MS, kind, _cut(name))
            before = counts.get(key, (0, 0))
            counts[key] = (before[0] + total, max(before[1], at))
        return counts

    def _allowed(self, list_id: int) -> Sequence[str]:
        return () if list_id == NOBODYS else self._settings.of(list_id).allowed_origins

    def _write(
        self,
        transaction: Transaction,
        groups: dict[Group, Refusals],
        allowed: Mapping[int, Sequence[str]],
        senders: dict[tuple[int, int, str, str], tuple[int, int]],
    ) -> None:
        rejections.add(transaction, _without_forgotten(transaction, groups), allowed)
        rejections.add_senders(transaction, senders)

    def _purge(self) -> None:
        """Delete what is too old, once an hour, by the trusted clock."""
        now = self._now()
        if now - self._purged_at < PURGE_MS:
            return
        self._purged_at = now
        until = self._database.read(partial(trusted, now=now))

        def purge(transaction: Transaction, among: Among) -> None:
            rejections.purge(transaction, until, days_by_list(transaction, among), among)

        for among in parts_of_all_lists(self._database):
            self._database.write(partial(purge, among=among), list_id=among.list_id)


def _without_forgotten(transaction: Transaction, groups: Mapping[Group, Refusals]) -> dict[Group, Refusals]:
    """Return the groups without the values of bodies that came before somebody of their list was forgotten."""
    kept: dict[Group, Refusals] = {}
    for key, found in groups.items():
        if any(body.is_whole for body in found.bodies):
            begun = rejections.forgotten_at(transaction, key[0], FORGET)
            bodies = [_masked(body) if body.is_whole and body.at <= begun else body for body in found.bodies]
            found = Refusals(found.message, found.first_at, found.last_at, found.hours, bodies)
        kept[key] = found
    return kept


def _masked(body: RefusedBody) -> RefusedBody:
    return RefusedBody(body.id, body.at, body.event_key, False, without_values(body.body))


def _joined(one: Refusals, other: Refusals) -> Refusals:
    hours = dict(one.hours)
    for hour, count in other.hours.items():
        hours[hour] = hours.get(hour, 0) + count
    first_at, last_at = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
    return Refusals(other.message, first_at, last_at, hours, one.bodies + other.bodies)


def _cut(name: str) -> str:
    """Return as much of a sender's name as is kept."""
    return name.encode(errors="replace")[: rejections.MAX_SENDER_BYTES].decode(errors="ignore")
