"""Identity: subscribers, visitors and their links while the events of a group are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from tracker.domain.provenance import By
from tracker.domain.spans import LinkEvent, Position, VisitorSpans


class Reason(IntEnum):
    """Why a visitor was linked to a subscriber."""

    OWN = 1  # the visitor was made for a subscriber who was named without a UUID
    EMAIL = 2  # an event carried an Email that was new to the visitor
    IDENTIFY = 3  # an identify event named the subscriber


class StoredNames(NamedTuple):
    """The names of a subscriber in the database: address as shown and ID, each with its provenance (`By`)."""

    email: str | None = None
    email_by: int = By.CREDENTIAL
    external_id: str | None = None
    external_id_by: int = By.CREDENTIAL


NO_NAMES = StoredNames()


@dataclass(slots=True)
class Subscriber:
    """A subscriber of one list. `own_uuid` names the visitor of calls by Email or ID alone.

    `stored` are the names that an existing subscriber had before the group. `has_lost_email` says that their address went
    to another subscriber in this group. `is_email_announced` is False from the event that gives the Email until an identify
    event is sent for it.
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
    is_email_announced: bool = True
    stored: StoredNames = NO_NAMES

    def __post_init__(self) -> None:
        self.stored = StoredNames(self.email, self.email_by, self.external_id, self.external_id_by)


@dataclass(slots=True)
class Visitor:
    """A browser, device or own visitor of one list; `span` and `subscriber_id` are its current link.

    `version` counts the changes of its links, and is 0 as long as it never had one. `named_at` (UTC milliseconds) and
    `named_id` are the position of the first event that named its current subscriber. `spans` is loaded once an event needs
    more than the current link. `links` are those that credentials' events of this group state. `has_own_events`: events
    came while the visitor was linked to nobody; of a stored visitor that is assumed.
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
    has_own_events: bool = True
    spans: VisitorSpans | None = None
    links: list[LinkEvent] = field(default_factory=list)

    def link(self) -> tuple[int, int | None, int, int, int | None, int | None]:
        """Return the columns of the current link, in the order of `identity_rows.VISITOR`."""
        version = self.version if self.spans is None else self.spans.version
        return self.span, self.subscriber_id, int(self.linked_by), version, self.named_at, self.named_id

    def is_current_at(self, position: Position) -> bool:
        """Return whether an event at that position is certainly in the current span."""
        if self.named_at is None or self.named_id is None:
            return self.version == 0
        return position >= (self.named_at, self.named_id)


@dataclass(slots=True)
class Placement:
    """The result of identity resolution for one event.

    `subscriber_id` is the subscriber that the event names, `owner_id` the owner of the timeline it stands in. `link_flag` is
    IS_LINK for an event that links its visitor, else 0. `is_identify_sent`: the event is an identify event, or
    brings one with it.
    """

    visitor: Visitor
    span: int
    subscriber_id: int | None
    owner_id: int
    link_flag: int
    is_identify_sent: bool
    has_id_conflict: bool
