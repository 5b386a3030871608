"""Subscribers and visitors of lists: identity rows, links between them, custom fields and erasure."""

from __future__ import annotations

from tracker.storage.subscribers import copied_people, erasure_rows, identity_links, identity_rows, span_rows
from tracker.storage.subscribers.custom_fields import CustomFields
from tracker.storage.subscribers.erasure_rows import FORGET, SUBSCRIBER_TABLES
from tracker.storage.subscribers.field_values import FieldKey, find_values, write_values
from tracker.storage.subscribers.hash_rows import find_hashes
from tracker.storage.subscribers.identity_links import LinkCursor, LoggedLink
from tracker.storage.subscribers.identity_rows import text
from tracker.storage.subscribers.subscriber_pages import Slice
from tracker.storage.subscribers.subscribers import Changes, StoredSubscriber, Subscribers, Who
from tracker.storage.subscribers.write_refusals import After, Refusal, Refused

__all__ = [
    "FORGET",
    "SUBSCRIBER_TABLES",
    "After",
    "Changes",
    "CustomFields",
    "FieldKey",
    "LinkCursor",
    "LoggedLink",
    "Refusal",
    "Refused",
    "Slice",
    "StoredSubscriber",
    "Subscribers",
    "Who",
    "copied_people",
    "erasure_rows",
    "find_hashes",
    "find_values",
    "identity_links",
    "identity_rows",
    "span_rows",
    "text",
    "write_values",
]
