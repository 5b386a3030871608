"""What is a person, a visitor, and what links them, while a group of events is placed?"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from tracker.domain.provenance import By
from tracker.domain.spans import Link, Position, VisitorSpans


class Reason(IntEnum):
    """Why a visitor was linked to a subscriber."""

    OWN = 1  # made for a person who was named without a UUID
    EMAIL = 2  # an event carried an Email that was new to the visitor
    IDENTIFY = 3  # an identify event named the person


class StoredNames(NamedTuple):
    """What the database has of a person: their address as shown, their ID, and who told them."""

    email: str | None = None
    email_by: int = By.CREDENTIAL
    external_id: str | None = None
    external_id_by: int = By.CREDENTIAL


NO_NAMES = StoredNames()


@dataclass(slots=True)
class Subscriber:
    """A person of one list. `own_uuid` names the visitor of calls by Email or ID alone.

    `known` is what a person had who was there before the group; `has_lost_email`: their address is another's since.
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
    has_lost_email: bool = False
    is_email_announced: bool = (
        True  # False from the moment an Email is learnt until an identify event is sent for it
    )
    stored: StoredNames = NO_NAMES

    def __post_init__(self) -> None:
        self.stored = StoredNames(self.email, self.email_by, self.external_id, self.external_id_by)


@dataclass(slots=True)
class Visitor:
    """A browser, device or own visitor of one list; `span` and `subscriber_id` are its current link.

    `version` counts the changes of its links, and is 0 as long as it never had one. `named_at` and `named_id` say when
    the first event happened that named its current person. `life` is there once somebody has looked back further; `links` are of
    events of this group.
    """

    list_id: int
    id: int
    uuid: bytes
    span: int = 0
    subscriber_id: int | None = None
    linked_by: int = By.CREDENTIAL
    version: int = 0
    named_at: int | None = None
    named_id: int | None = None
    is_new: bool = False
    has_own_events: bool = True  # that came while it was nobody's; of one that was known before, it may
    spans: VisitorSpans | None = None
    links: list[Link] = field(default_factory=list)

    def link(self) -> tuple[int, int | None, int, int, int | None, int | None]:
        """What its row says of its current link, in the order of `people.VISITOR`."""
        version = self.version if self.spans is None else self.spans.version
        return self.span, self.subscriber_id, int(self.linked_by), version, self.named_at, self.named_id

    def is_current_at(self, position: Position) -> bool:
        """Whether an event of that time is certainly in the current span."""
        if self.named_at is None or self.named_id is None:
            return self.version == 0
        return position >= (self.named_at, self.named_id)


@dataclass(slots=True)
class Placement:
    """Where one event goes. `subscriber_id` is the person it names, `owner_id` whose timeline it stands in.

    `link_flag` is the bit of an event that says so for good whose its visitor is, or 0. `is_identify_sent`: it is, or brings with it, an identify event.
    """

    visitor: Visitor
    span: int
    subscriber_id: int | None
    owner_id: int
    link_flag: int
    is_identify_sent: bool
    has_id_conflict: bool
