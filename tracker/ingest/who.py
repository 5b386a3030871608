"""What is a person, a visitor, and what ties them, while a group of events is placed?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Reason(IntEnum):
    """Why a visitor was bound to a subscriber."""

    OWN = 1  # made for a person who was named without a UUID
    EMAIL = 2  # an event carried an Email that was new to the visitor
    IDENTIFY = 3  # an identify event named the person


@dataclass(slots=True)
class Subscriber:
    """A person of one list. `own_uuid` names the visitor of calls by Email or ID alone."""

    list_id: int
    id: int
    email: str | None
    email_key: str | None
    external_id: str | None
    own_uuid: bytes
    is_new: bool = False
    has_learnt_email: bool = False
    has_learnt_external_id: bool = False
    is_email_told: bool = (
        True  # False from the moment an Email is learnt until an identify event is sent for it
    )


@dataclass(slots=True)
class Visitor:
    """A browser, device or own visitor of one list; `segment` and `subscriber_id` are its current binding.

    `known` is the binding of a visitor that was there before the group.
    """

    list_id: int
    id: int
    uuid: bytes
    segment: int = 0
    subscriber_id: int | None = None
    is_new: bool = False
    is_changed: bool = False
    has_own_events: bool = True  # that came while it was nobody's; of one that was known before, it may
    known: tuple[int, int | None] = (0, None)

    def __post_init__(self) -> None:
        self.known = self.segment, self.subscriber_id


@dataclass(frozen=True, slots=True)
class Binding:
    """`has_past`: events of the visitor that came before are the person's too."""

    visitor: Visitor
    segment: int
    subscriber_id: int
    reason: Reason
    event_id: int
    bound_at: int
    has_past: bool


@dataclass(slots=True)
class Placement:
    """Where one event goes. `subscriber_id` is the person it names, `owner_id` whose timeline it stands in.

    `is_identify_sent`: it is, or brings with it, an identify event.
    """

    visitor: Visitor
    segment: int
    subscriber_id: int | None
    owner_id: int
    is_identify_sent: bool
    has_id_conflict: bool
