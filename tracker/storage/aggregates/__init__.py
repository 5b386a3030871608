"""Aggregates: the catalogue of names and properties, and counters of events and conversions."""

from __future__ import annotations

from tracker.storage.aggregates import catalogue, catalogue_counts, catalogue_pages, count_outbox, counters
from tracker.storage.aggregates.catalogue import Catalogue, Seen
from tracker.storage.aggregates.catalogue_counts import CatalogueCounts
from tracker.storage.aggregates.catalogue_eviction import note_pruned, remove, remove_from_browsers
from tracker.storage.aggregates.catalogue_pages import EventNameRow, PropertyName
from tracker.storage.aggregates.count_changes import (
    add_to_buckets,
    add_to_catalogue,
    change_flags,
    counted_conversions,
    expired_public,
    key_of,
    replace_events,
    signed,
    totals_of,
    uncount_expired,
)
from tracker.storage.aggregates.count_outbox import Note, NoteKey, Uncounted
from tracker.storage.aggregates.counters import ConversionKey, Counted
from tracker.storage.aggregates.deferred_counts import DeferredCounts, count_notes, count_overdue
from tracker.storage.aggregates.expired_totals import (
    add_expired,
    expired_totals,
    lacks_conversions,
    mark_owners,
    unmark_owner,
)
from tracker.storage.aggregates.seen_times import NO_TIMES, EventTimes, SeenTimes, both

__all__ = [
    "NO_TIMES",
    "Catalogue",
    "CatalogueCounts",
    "ConversionKey",
    "Counted",
    "DeferredCounts",
    "EventNameRow",
    "EventTimes",
    "Note",
    "NoteKey",
    "PropertyName",
    "Seen",
    "SeenTimes",
    "Uncounted",
    "add_expired",
    "add_to_buckets",
    "add_to_catalogue",
    "both",
    "catalogue",
    "catalogue_counts",
    "catalogue_pages",
    "change_flags",
    "count_notes",
    "count_outbox",
    "count_overdue",
    "counted_conversions",
    "counters",
    "expired_public",
    "expired_totals",
    "key_of",
    "lacks_conversions",
    "mark_owners",
    "note_pruned",
    "remove",
    "remove_from_browsers",
    "replace_events",
    "signed",
    "totals_of",
    "uncount_expired",
    "unmark_owner",
]
