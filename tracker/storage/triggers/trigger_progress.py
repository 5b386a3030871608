"""Trigger progress: how far events were looked at, and which process of all does this work now."""

from __future__ import annotations

from tracker.storage.engine.transaction import Transaction


def take_lease(transaction: Transaction, name: bytes, token: bytes, now: int, until: int) -> bool:
    """Take or renew a lease until a time; return False while another process has it. Times are UTC milliseconds."""
    sql = f"SELECT token, leased_until FROM work_leases WHERE name = ?{transaction.engine.for_update}"
    rows = transaction.select(sql, (name,))
    if not rows:
        transaction.insert("work_leases", ("name", "token", "leased_until"), [(name, token, until)])
        return True
    if bytes(rows[0][0]) != token and rows[0][1] > now:
        return False
    sql = "UPDATE work_leases SET token = ?, leased_until = ? WHERE name = ?"
    transaction.execute(sql, (token, until, name))
    return True


def leased_until(transaction: Transaction, name: bytes) -> int:
    """Return until when a lease is taken, in UTC milliseconds; 0: nobody ever took it."""
    rows = transaction.select("SELECT leased_until FROM work_leases WHERE name = ?", (name,))
    return int(rows[0][0]) if rows else 0


def give_lease_back(transaction: Transaction, name: bytes, token: bytes) -> None:
    """End a lease of this process, so that another one need not wait for its end."""
    sql = "UPDATE work_leases SET leased_until = 0 WHERE name = ? AND token = ?"
    transaction.execute(sql, (name, token))


def tail_reached(transaction: Transaction, list_id: int, kind: int) -> int:
    """Return when the last look began that found the end of a list's events, in UTC milliseconds; 0: there was none."""
    sql = "SELECT as_of FROM trigger_tails WHERE list_id = ? AND kind = ?"
    rows = transaction.select(sql, (list_id, kind))
    return int(rows[0][0]) if rows else 0


def keep_tail(transaction: Transaction, list_id: int, kind: int, as_of: int) -> None:
    """Store when the last look began."""
    transaction.put("trigger_tails", ("list_id", "kind"), ("as_of",), [(list_id, kind, as_of)])
