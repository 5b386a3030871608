"""What is a person, a visitor, and what ties them, while a group of events is placed?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from tracker.storage.tied_by import By


class Reason(IntEnum):
    """Why a visitor was bound to a subscriber."""

    OWN = 1  # made for a person who was named without a UUID
    EMAIL = 2  # an event carried an Email that was new to the visitor
    IDENTIFY = 3  # an identify event named the person


class Known(NamedTuple):
    """What the database has of a person: their address as shown, their ID, and who told them."""

    email: str | None = None
    email_by: int = By.CREDENTIAL
    external_id: str | None = None
    external_id_by: int = By.CREDENTIAL


NOTHING = Known()


@dataclass(slots=True)
class Subscriber:
    """A person of one list. `own_uuid` names the visitor of calls by Email or ID alone.

    `known` is what a person had who was there before the group.
    """

    list_id: int
    id: int
    email: str | None
    email_key: str | None
    external_id: str | None
    own_uuid: bytes
    email_by: int = By.CREDENTIAL
    external_id_by: int = By.CREDENTIAL
    is_new: bool = False
    is_email_told: bool = (
        True  # False from the moment an Email is learnt until an identify event is sent for it
    )
    known: Known = NOTHING

    def __post_init__(self) -> None:
        self.known = Known(self.email, self.email_by, self.external_id, self.external_id_by)


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
    bound_by: int = By.CREDENTIAL
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
    by: By


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
