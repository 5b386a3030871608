"""Shards: what keeps a list's transactions in the database of the list, and off the head that all lists share."""

from __future__ import annotations

from tracker.storage.shards.head_outbox import NOBODY, HeadChange, do_at_head, has_told, tell_head
from tracker.storage.shards.list_lock import lock_list

__all__ = ["NOBODY", "HeadChange", "do_at_head", "has_told", "lock_list", "tell_head"]
