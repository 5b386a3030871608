"""Which events does a shop with a blog have in a year? The same for the same number of events and the same end, in the order of arrival.

200,000 visitors, 60,000 persons and 1.25 million visits on 10 million events, 25 event names; 1.2 % of visits are robots', 10 % come
with a key, 3 % of conversions are repeats, and 1 % of events come up to two days late. 3 % of visitors become another person's,
of 1 % the link was taken back, and 0.4 % of persons are deleted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from operator import itemgetter
from typing import NamedTuple

from bench.made_pieces import SKEW, Piece, Pieces, Pool
from tracker.domain.event import CONVERSION, FORMAT_JSON, IDENTIFY, IS_BOT, IS_PUBLIC, IS_REPEATED_CONVERSION
from tracker.domain.row_ids import first_id_at

DAYS, DAY_MS = 365, 86_400_000
#: Events of a visit: one of these, 8 on average.
LENGTHS = (1, 1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24)
EVENTS_A_VISIT, EVENTS_A_VISITOR = 8, 50
#: Names by how many of a thousand events (without the first of each visit, which is a page view) have them.
SHARES = {
    "page_view": 371, "view_product": 171, "click": 114, "scroll": 91, "add_to_cart": 57, "search": 46, IDENTIFY: 11, "begin_checkout": 11, CONVERSION: 4,
    **{f"event_{number}": 8 for number in range(1, 14)}, "video_play": 10, "download": 6, "error": 4,
}  # fmt: skip
#: Of ten visitors so many are known; numbers of persons begin where no visitor's are.
KNOWN_OF_TEN, FIRST_PERSON = 3, 1_000_000_000
#: The number of a visitor's first link, and of the one to a second person.
BEFORE, AFTER = 0, 1


class Visitor(NamedTuple):
    """A visitor: whose it is before and after a day, 0 for nobody's, and whether the first link was taken back."""

    id: int
    person: int
    second_person: int
    second_from: int
    is_unlinked: bool

    def at(self, day: int) -> tuple[int, int]:
        """The span of a day, and the person whose events it has."""
        if self.second_person and day >= self.second_from:
            return AFTER, self.second_person
        return BEFORE, self.person


class MadeEvent(NamedTuple):
    """The columns of an event that differ between events, and the numbers of its name and shapes for the counts."""

    received_at: int
    at: int
    visitor: int
    span: int
    person: int | None
    name: int
    flags: int
    properties: bytes
    shapes: tuple[int, ...]


NAMES = tuple(SHARES)
PAGE_VIEW, CONVERTED = NAMES.index("page_view"), NAMES.index(CONVERSION)
_SLOTS = [number for number, share in enumerate(SHARES.values()) for _ in range(share)]


class MadeYear:
    """The visitors and events of a year that ends at `ends`, UTC milliseconds."""

    def __init__(self, events: int, ends: int) -> None:
        self.begins = ends - DAYS * DAY_MS
        self.ends = ends
        self.visitor_count = max(20, events // EVENTS_A_VISITOR)
        self.pieces = Pieces()
        self._visits, self._made = max(1, events // EVENTS_A_VISIT), 0
        self._chance = random.Random(7)
        self._orders = 0
        #: By whether ids of products are text yet, and the number of the name.
        self._pools = [_pools_by_name(self.pieces, is_text) for is_text in (False, True)]

    def visitors(self) -> Iterator[Visitor]:
        return map(self.visitor, range(1, self.visitor_count + 1))

    def visitor(self, number: int) -> Visitor:
        person = self._person(number)
        is_second = bool(person) and number % 100 in (10, 21, 32)
        second = self._person(number + 20) if is_second and number + 20 <= self.visitor_count else 0
        return Visitor(number, person, second, number * 7919 % DAYS, bool(person) and number % 100 == 42)

    def persons(self) -> Iterator[int]:
        """Those that exist."""
        numbers = range(1, self.visitor_count + 1)
        return (self._person(number) for number in numbers if self._person(number) and number % 830 != 2)

    def _person(self, number: int) -> int:
        return FIRST_PERSON + number if number % 10 < KNOWN_OF_TEN else 0

    def days(self) -> Iterator[list[MadeEvent]]:
        """The events of each day in the order of their arrival."""
        arriving: list[list[MadeEvent]] = [[] for _ in range(DAYS)]
        for day in range(DAYS):
            while self._made * DAYS < self._visits * (day + 1):
                self._made += 1
                for event in self._visit(day):
                    arriving[min(DAYS - 1, (event.received_at - self.begins) // DAY_MS)].append(event)
            yield sorted(arriving[day], key=itemgetter(0))
            arriving[day] = []

    def _visit(self, day: int) -> Iterator[MadeEvent]:
        chance = self._chance.random
        visitor = self.visitor(1 + int(chance() * self.visitor_count * (0.2 + 0.8 * day / DAYS)))
        span, person = visitor.at(day)
        is_public = chance() < 0.9
        flags = IS_PUBLIC * is_public | IS_BOT * (chance() < 0.012)
        of_visit = _drawn(self.pieces.campaigns if chance() < 0.45 else self.pieces.visitors, chance())
        session = of_visit.text + b',"session":"s-%d",' % self._made
        at = self.begins + day * DAY_MS + int(chance() * DAY_MS)
        for number in range(LENGTHS[int(chance() * len(LENGTHS))]):
            name = _SLOTS[int(chance() * len(_SLOTS))] if number else PAGE_VIEW
            piece, more = self._piece(name, number == 0, is_public, day), 0
            text, shapes = piece.text, [of_visit.shape, piece.shape]
            if name == CONVERTED:
                text, more = self._order(text)
            if chance() < 0.05:
                extra = _drawn(self.pieces.extras, chance())
                text += extra.text
                shapes.append(extra.shape)
            at = min(at + int(chance() * 90_000), self.ends - 1)
            late = int(chance() * 2 * DAY_MS) if chance() < 0.01 else 20
            named = person if person and chance() < 0.12 else None
            properties = FORMAT_JSON + b"{" + session + text + b"}"
            received = min(at + late, self.ends - 1)
            yield MadeEvent(
                received, at, visitor.id, span, named, name, flags | more, properties, tuple(shapes)
            )

    def _piece(self, name: int, is_first: bool, is_public: bool, day: int) -> Piece:
        drawn, pieces = self._chance.random(), self.pieces
        if is_first:
            return _drawn(pieces.landings if is_public else pieces.bare_landings, drawn, skew=1)
        return _drawn(self._pools[day > DAYS // 3][name], drawn)

    def _order(self, text: bytes) -> tuple[bytes, int]:
        """A conversion with its id, and its flag: one in 33 is a repeat of the one before."""
        is_repeated = self._orders > 0 and self._chance.random() < 0.03
        self._orders += not is_repeated
        return text + b',"conversion-id":"o-%d"' % self._orders, IS_REPEATED_CONVERSION * is_repeated


def _drawn(pool: Pool, drawn: float, skew: int = SKEW) -> Piece:
    return pool[int(drawn**skew * len(pool))]


def _pools_by_name(pieces: Pieces, is_text: bool) -> list[Pool]:
    pools: dict[str, Pool] = {
        "page_view": pieces.pages, "view_product": pieces.products[is_text], "add_to_cart": pieces.carts[is_text],
        "begin_checkout": pieces.carts[is_text], "click": pieces.clicks, "scroll": pieces.scrolls,
        "search": pieces.searches, CONVERSION: pieces.conversions,
    }  # fmt: skip
    return [pools.get(name, pieces.others) for name in NAMES]


def event_ids(events: list[MadeEvent], last_id: int) -> Iterator[int]:
    """An id for each event, from the time of its arrival on, as the maker of ids gives them."""
    for event in events:
        last_id = max(first_id_at(event.received_at), last_id + 1)
        yield last_id
