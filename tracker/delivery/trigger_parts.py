"""Trigger parts: what the work of triggers needs of other rooms, handed over by the wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tracker.outgoing import Poster
from tracker.storage.engine import Database, Transaction
from tracker.storage.triggers import ListTrigger, MemberMoves


class RenderedEvent(NamedTuple):
    """An event as messages show it, and whose it is: `subscriber_id` is None for a visitor whom nobody knows."""

    id: int
    visitor_id: int
    subscriber_id: int | None
    json: bytes


#: Returns the events that are stored, of a list and ids.
Render = Callable[[Transaction, int, Sequence[int]], list[RenderedEvent]]


class ToldSubscriber(NamedTuple):
    """A subscriber as messages name them."""

    id: int
    email: str | None
    external_id: str | None


class FollowedSegment(NamedTuple):
    """A segment as messages show it, and who has moved since the trigger's members were kept."""

    json: bytes
    moves: MemberMoves


#: Returns those of the subscribers who are there, of a list and ids.
NamePeople = Callable[[Transaction, int, Sequence[int]], list[ToldSubscriber]]
#: Returns the body of a message: (trigger, number of the delivery, JSON of the segment, the person, UTC milliseconds).
ComposeMove = Callable[[ListTrigger, int, bytes, ToldSubscriber, int], bytes]
#: Returns who has moved in the segment of a trigger, or why nobody can tell now.
Follow = Callable[[ListTrigger], FollowedSegment | str]
#: Returns the body of a message: (trigger, number of the delivery, JSON of the event).
Compose = Callable[[ListTrigger, int, bytes], bytes]
#: Returns {number of the trigger: ids of those of the events that its conditions hold for}, or None while nobody can tell. For
#: conditions that nobody ever can judge the ids are None.
Judge = Callable[[int, Sequence[int], Sequence[ListTrigger]], Mapping[int, set[int] | None] | None]


@dataclass(frozen=True, slots=True)
class TriggerParts:
    """What a worker and its tails are made of. `new_id()` makes row ids, `now()` returns UTC milliseconds."""

    database: Database
    new_id: Callable[[], int]
    now: Callable[[], int]
    poster: Poster
    render: Render
    compose: Compose
    judge: Judge
    name_people: NamePeople
    compose_move: ComposeMove
    follow: Follow
