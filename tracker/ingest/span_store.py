"""How are the lives of visitors read when an event needs more than their current binding, and written when they changed?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from tracker.domain.identity import Subscriber, Visitor
from tracker.domain.provenance import By
from tracker.domain.spans import BEGIN, END, Known, Life, Position, Stretch, Tie
from tracker.ingest.stored_links import ties_in
from tracker.storage.engine import Row, Transaction
from tracker.storage.subscribers import identity_rows as people_rows
from tracker.storage.subscribers import span_rows
from tracker.storage.timeline import Segment


class SpanStore:
    """Of the visitors of one group. What is older than their current bindings is read when it is asked for.

    `pasts` are the segments that were bound, and whose rows of the timeline from before stand under the visitor.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.pasts: list[Segment] = []

    def at(self, visitor: Visitor, position: Position) -> tuple[int, int | None]:
        """The segment in which an event of that time is, and whose it is."""
        if visitor.life is None and visitor.is_current_at(position):
            return visitor.segment, visitor.subscriber_id
        stretch = self.life(visitor).at(position)
        return stretch.segment, stretch.subscriber_id

    def tie(self, visitor: Visitor, tie: Tie) -> None:
        """The visitor is this person's from an event on that named them. By what anybody said nobody comes back."""
        if tie.told.by == By.CREDENTIAL:
            visitor.ties.append(tie)
        is_theirs = visitor.subscriber_id == tie.subscriber_id and visitor.is_current_at(tie.position)
        if not is_theirs or visitor.bound_by > tie.told.by:
            self._tie(visitor, tie)

    def catch_up(self, visitor: Visitor) -> None:
        """Find who comes back in times that somebody else was given, before the next event of the visitor is placed."""
        while visitor.life is not None and (unasked := visitor.life.unasked):
            visitor.life.unasked = []
            for window in unasked:
                stored = ties_in(self._transaction, visitor.list_id, visitor.id, window)
                for tie in sorted({*stored, *(tie for tie in visitor.ties if tie.is_in(window))}):
                    self._tie(visitor, tie)

    def _tie(self, visitor: Visitor, tie: Tie) -> None:
        life = self.life(visitor)
        if life.tie(tie):
            last = life.last()
            visitor.segment, visitor.subscriber_id, visitor.bound_by = (
                last.segment,
                last.subscriber_id,
                last.by,
            )
            visitor.named_at, visitor.named_id = (None, None) if last.subscriber_id is None else last.named

    def person(self, list_id: int, subscriber_id: int) -> Subscriber | None:
        rows = people_rows.find_subscribers_by_id(self._transaction, [(list_id, subscriber_id)])
        return Subscriber(*rows[0]) if rows else None

    def life(self, visitor: Visitor) -> Life:
        if visitor.life is None:
            load = partial(_load, self._transaction, visitor.list_id, visitor.id, visitor.segment)
            visitor.life = Life(visitor.version, _current(visitor), load)
        return visitor.life

    def write(self, visitors: Iterable[Visitor]) -> None:
        """What has changed. Raises Conflict, or a lost race for a key, when another process changed one of them, too."""
        changed = [(v, v.life) for v in visitors if v.life is not None and v.life.version != v.version]
        if not changed:
            return
        self._write_bindings([(visitor, stretch) for visitor, life in changed for stretch in life.stretches])
        people_rows.confirm_bindings(
            self._transaction, [row for visitor, life in changed for row in _confirmed(visitor, life)]
        )
        for visitor, life in changed:
            if not visitor.is_new:
                at = (visitor.list_id, visitor.id)
                people_rows.change_visitor(self._transaction, *at, visitor.binding(), visitor.version)
            _write_stretches(self._transaction, visitor, life)
            _note_written(visitor, life)

    def _write_bindings(self, stretches: list[tuple[Visitor, Stretch]]) -> None:
        """An open stretch of a known visitor may have been somebody's before, whose binding was taken back."""
        opened, reopened, earlier = list[Row](), list[Row](), list[Row]()
        for visitor, stretch in stretches:
            if stretch.told is None:
                continue
            has_past = stretch.is_taken and visitor.has_own_events
            row = (
                visitor.list_id, visitor.id, stretch.segment, stretch.subscriber_id, stretch.told.received_at,
                stretch.named[1], stretch.told.reason, has_past, int(stretch.by), stretch.named[0],
            )  # fmt: skip
            known = stretch.known
            (opened if known is None else earlier if known.subscriber_id is not None else reopened).append(
                row
            )
            if has_past:
                self.pasts.append((visitor.list_id, visitor.id, stretch.segment))
        people_rows.add_bindings(self._transaction, opened, reopened)
        people_rows.tell_earlier(self._transaction, earlier)


def _confirmed(visitor: Visitor, life: Life) -> list[Row]:
    return [
        (visitor.list_id, visitor.id, s.segment, s.subscriber_id) for s in life.stretches if s.is_confirmed
    ]


def _current(visitor: Visitor) -> list[Stretch]:
    """What a visitor's row says of its life."""
    if visitor.version == 0:
        known = None if visitor.is_new else Known(None, None, END)
        return [Stretch(visitor.segment, BEGIN, known=known)]
    if visitor.named_at is None or visitor.named_id is None:
        return []
    named, whose = (visitor.named_at, visitor.named_id), visitor.subscriber_id
    known = Known(None, whose, named)
    by = visitor.bound_by
    return [Stretch(visitor.segment, named, END, whose, named, by=by, known=known, is_part=True)]


def _load(
    transaction: Transaction, list_id: int, visitor_id: int, segment: int, position: Position
) -> Stretch:
    found = span_rows.find(transaction, list_id, visitor_id, segment, position)
    named = found.named or END
    known = Known(found.begins, found.subscriber_id, named)
    at, whose = (found.segment, found.begins or BEGIN, found.ends), found.subscriber_id
    return Stretch(*at, whose, named, by=found.by, known=known, has_wall=found.has_wall)


def _write_stretches(transaction: Transaction, visitor: Visitor, life: Life) -> None:
    """A life of one stretch has no rows. One that has them has one that begins before everything."""
    if len(life.stretches) == 1:
        return
    whole = [stretch for stretch in life.stretches if not stretch.is_part]
    new = [(stretch.begins, stretch.segment) for stretch in whole if not _begins(stretch)]
    moved = [(s.begins, s.segment) for s in whole if _begins(s) not in (None, s.begins)]
    if not any(stretch.known for stretch in whole):  # it may have no rows yet
        new += [(BEGIN, stretch.segment) for stretch in life.stretches if stretch.is_part]
    span_rows.move(transaction, visitor.list_id, visitor.id, moved)
    span_rows.add(transaction, visitor.list_id, visitor.id, new)


def _begins(stretch: Stretch) -> Position | None:
    """Where it begins by its row, if it has one."""
    return None if stretch.known is None else stretch.known.begins


def _note_written(visitor: Visitor, life: Life) -> None:
    visitor.version, visitor.is_new = life.version, False
    for stretch in life.stretches:
        has_row = len(life.stretches) > 1 or _begins(stretch) is not None
        begins = stretch.begins if has_row and not stretch.is_part else None
        stretch.known = Known(begins, stretch.subscriber_id, stretch.named)
        stretch.told, stretch.is_taken, stretch.is_confirmed = None, False, False
