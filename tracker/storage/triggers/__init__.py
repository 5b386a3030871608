"""Triggers of lists with their deliveries: who is told of which events, what waits to be sent, and what was sent."""

from __future__ import annotations

from tracker.storage.triggers import (
    delivery_log,
    delivery_queue,
    pause_notices,
    trigger_members,
    trigger_progress,
    trigger_store,
)
from tracker.storage.triggers.delivery_log import Bodies, LoggedDelivery
from tracker.storage.triggers.delivery_queue import (
    NEVER,
    DeliveryState,
    NewDelivery,
    PostAttempt,
    WaitingDelivery,
    attempts_in,
    purge_deliveries,
    remove_of_events,
    with_attempt,
)
from tracker.storage.triggers.pause_notices import PauseNotice
from tracker.storage.triggers.trigger_members import DELETE_TRIGGER, MemberMoves, delete_step, kept_members
from tracker.storage.triggers.trigger_store import (
    MAX_TRIGGERS,
    ListTrigger,
    PausedBy,
    TriggerFault,
    TriggerRefused,
    Triggers,
)

__all__ = [
    "DELETE_TRIGGER",
    "MAX_TRIGGERS",
    "NEVER",
    "Bodies",
    "DeliveryState",
    "ListTrigger",
    "LoggedDelivery",
    "MemberMoves",
    "NewDelivery",
    "PauseNotice",
    "PausedBy",
    "PostAttempt",
    "TriggerFault",
    "TriggerRefused",
    "Triggers",
    "WaitingDelivery",
    "attempts_in",
    "delete_step",
    "delivery_log",
    "delivery_queue",
    "kept_members",
    "pause_notices",
    "purge_deliveries",
    "remove_of_events",
    "trigger_members",
    "trigger_progress",
    "trigger_store",
    "with_attempt",
]
