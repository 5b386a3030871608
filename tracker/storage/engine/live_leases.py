"""Live leases: whether a cluster has one writer node, and which instances write, by which clocks.

Each writer number is leased with the node that its process has reached. All times here are the database's, in UTC
milliseconds: what a process reckons by its own clock is moved by how far that is ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

from tracker.storage.engine.id_generator import GRACE_MS, LEASE_MS, RENEW_BEFORE_MS
from tracker.storage.engine.server_rules import STOPS, WARNS, Remark
from tracker.storage.engine.transaction import Transaction

#: Milliseconds for which processes may write to two nodes: as long as a failover takes to reach all of them.
FAILOVER_MS = 15_000
#: Milliseconds by which a clock may differ from the database's: of two that do, on either side, neither takes a number
#: that the other still has.
CLOCK_MS = (GRACE_MS + RENEW_BEFORE_MS) // 2


class LiveLease(NamedTuple):
    """A lease: where a process has written since when, and when it last said so. `instance` is "" for a command line."""

    number: int
    node: str
    instance: str
    since: int
    renewed_at: int
    ahead: int


class WritersSeen(NamedTuple):
    """The processes that have written within the length of a lease, at `now`."""

    now: int
    leases: Sequence[LiveLease]

    @property
    def nodes(self) -> list[str]:
        """The nodes that were written to, by name."""
        return sorted({lease.node for lease in self.leases})

    @property
    def nodes_at_once(self) -> list[str]:
        """The nodes that are written to at once, for longer than a failover takes; none if it is one node."""
        return _at_once(self.leases, lambda lease: lease.node)

    @property
    def instances(self) -> list[str]:
        """The instances that serve, as HOST:PORT."""
        return sorted({lease.instance for lease in self.leases if lease.instance})

    @property
    def instances_at_once(self) -> list[str]:
        """The instances that serve at once, for longer than one takes over from another; none if it is one."""
        return _at_once([each for each in self.leases if each.instance], lambda lease: lease.instance)


def writers_seen(transaction: Transaction) -> WritersSeen:
    """Return who writes to the database. Leases in a file have no node and are not read."""
    now = transaction.engine.server_reading(transaction.database).now
    sql = (
        "SELECT number, node, instance, since, leased_until, ahead FROM writer_leases"
        " WHERE node IS NOT NULL AND leased_until - ahead > ?"
    )
    return WritersSeen(now, [
        LiveLease(number, bytes(node).decode(), bytes(instance or b"").decode(), since, until - ahead - LEASE_MS, ahead)
        for number, node, instance, since, until, ahead in transaction.select(sql, (now,))
    ])  # fmt: skip


def two_writers(nodes: Sequence[str]) -> str:
    """Return the warning about nodes that are written to at once."""
    return (
        f"{len(nodes)} database nodes are written to at once ({', '.join(nodes)}): what row locks guard is not safe;"
        " let every proxy and instance write to one node"
    )


def uncounted(others: Sequence[str]) -> str:
    """Return the warning about other instances while this one counts rate limits by itself."""
    return (
        f"other instances serve this database too ({', '.join(others)}), and each allows the whole of a rate limit: set"
        " TRACKER_RATELIMIT_URL on all"
    )


def clock_remarks(seen: WritersSeen, now: int, own_instance: str | None) -> list[Remark]:
    """Return what is wrong with this machine's clock, which reads `now`, for a start of `own_instance`, or of none."""
    ahead = now - seen.now
    found = [
        Remark(
            STOPS,
            f"this machine's clock is {_apart(ahead - lease.ahead)} that of {lease.instance or 'another process'}, which"
            " writes to the same database: both could get the same row ids; set the clocks (NTP)",
        )
        for lease in seen.leases
        if lease.instance != own_instance and abs(ahead - lease.ahead) > GRACE_MS
    ]
    if not found and abs(ahead) > CLOCK_MS:
        text = f"this machine's clock is {_apart(ahead)} the database's: events get wrong times; set the clocks (NTP)"
        found.append(Remark(WARNS, text))
    return list(dict.fromkeys(found))


def _apart(milliseconds: int) -> str:
    return f"{abs(milliseconds) / 1000:.0f} s {'ahead of' if milliseconds > 0 else 'behind'}"


def _at_once(leases: Sequence[LiveLease], name_of: Callable[[LiveLease], str]) -> list[str]:
    """Return the names under which two processes wrote over the same time, for longer than a failover takes.

    After a failover the old node's leases end before the new one's begin, or soon after.
    """
    names: set[str] = set()
    for one, other in combinations(leases, 2):
        together = min(one.renewed_at, other.renewed_at) - max(one.since, other.since)
        if name_of(one) != name_of(other) and together > FAILOVER_MS:
            names |= {name_of(one), name_of(other)}
    return sorted(names)
