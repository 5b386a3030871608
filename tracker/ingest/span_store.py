"""How are the lives of visitors read when an event needs more than their current link, and written when they changed?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from tracker.domain.identity import Subscriber, Visitor
from tracker.domain.provenance import By
from tracker.domain.spans import BEGIN, END, Known, Life, Link, Position, Span
from tracker.ingest.stored_links import links_in
from tracker.storage.engine import Row, Transaction
from tracker.storage.subscribers import identity_rows as people_rows
from tracker.storage.subscribers import span_rows
from tracker.storage.timeline import SpanKey


class SpanStore:
    """Of the visitors of one group. What is older than their current links is read when it is asked for.

    `pasts` are the spans that were linked, and whose rows of the timeline from before stand under the visitor.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.pasts: list[SpanKey] = []

    def at(self, visitor: Visitor, position: Position) -> tuple[int, int | None]:
        """The span in which an event of that time is, and whose it is."""
        if visitor.life is None and visitor.is_current_at(position):
            return visitor.span, visitor.subscriber_id
        span = self.life(visitor).at(position)
        return span.number, span.subscriber_id

    def link(self, visitor: Visitor, link: Link) -> None:
        """The visitor is this person's from an event on that named them. By what anybody said nobody comes back."""
        if link.told.by == By.CREDENTIAL:
            visitor.links.append(link)
        is_theirs = visitor.subscriber_id == link.subscriber_id and visitor.is_current_at(link.position)
        if not is_theirs or visitor.linked_by > link.told.by:
            self._link(visitor, link)

    def catch_up(self, visitor: Visitor) -> None:
        """Find who comes back in times that somebody else was given, before the next event of the visitor is placed."""
        while visitor.life is not None and (unasked := visitor.life.unasked):
            visitor.life.unasked = []
            for window in unasked:
                stored = links_in(self._transaction, visitor.list_id, visitor.id, window)
                for link in sorted({*stored, *(link for link in visitor.links if link.is_in(window))}):
                    self._link(visitor, link)

    def _link(self, visitor: Visitor, link: Link) -> None:
        life = self.life(visitor)
        if life.link(link):
            last = life.last()
            visitor.span, visitor.subscriber_id, visitor.linked_by = (
                last.number,
                last.subscriber_id,
                last.by,
            )
            visitor.named_at, visitor.named_id = (None, None) if last.subscriber_id is None else last.named

    def person(self, list_id: int, subscriber_id: int) -> Subscriber | None:
        rows = people_rows.find_subscribers_by_id(self._transaction, [(list_id, subscriber_id)])
        return Subscriber(*rows[0]) if rows else None

    def life(self, visitor: Visitor) -> Life:
        if visitor.life is None:
            load = partial(_load, self._transaction, visitor.list_id, visitor.id, visitor.span)
            visitor.life = Life(visitor.version, _current(visitor), load)
        return visitor.life

    def write(self, visitors: Iterable[Visitor]) -> None:
        """What has changed. Raises Conflict, or a lost race for a key, when another process changed one of them, too."""
        changed = [(v, v.life) for v in visitors if v.life is not None and v.life.version != v.version]
        if not changed:
            return
        self._write_links([(visitor, span) for visitor, life in changed for span in life.spans])
        people_rows.confirm_links(
            self._transaction, [row for visitor, life in changed for row in _confirmed(visitor, life)]
        )
        for visitor, life in changed:
            if not visitor.is_new:
                at = (visitor.list_id, visitor.id)
                people_rows.change_visitor(self._transaction, *at, visitor.link(), visitor.version)
            _write_spans(self._transaction, visitor, life)
            _note_written(visitor, life)

    def _write_links(self, spans: list[tuple[Visitor, Span]]) -> None:
        """An open span of a known visitor may have been somebody's before, whose link was taken back."""
        opened, reopened, earlier = list[Row](), list[Row](), list[Row]()
        for visitor, span in spans:
            if span.told is None:
                continue
            has_unmerged_history = span.is_taken and visitor.has_own_events
            row = (
                visitor.list_id, visitor.id, span.number, span.subscriber_id, span.told.received_at,
                span.named[1], span.told.reason, has_unmerged_history, int(span.by), span.named[0],
            )  # fmt: skip
            known = span.known
            (opened if known is None else earlier if known.subscriber_id is not None else reopened).append(
                row
            )
            if has_unmerged_history:
                self.pasts.append((visitor.list_id, visitor.id, span.number))
        people_rows.add_links(self._transaction, opened, reopened)
        people_rows.date_back_links(self._transaction, earlier)


def _confirmed(visitor: Visitor, life: Life) -> list[Row]:
    return [(visitor.list_id, visitor.id, s.number, s.subscriber_id) for s in life.spans if s.is_confirmed]


def _current(visitor: Visitor) -> list[Span]:
    """What a visitor's row says of its life."""
    if visitor.version == 0:
        known = None if visitor.is_new else Known(None, None, END)
        return [Span(visitor.span, BEGIN, known=known)]
    if visitor.named_at is None or visitor.named_id is None:
        return []
    named, whose = (visitor.named_at, visitor.named_id), visitor.subscriber_id
    known = Known(None, whose, named)
    by = visitor.linked_by
    return [Span(visitor.span, named, END, whose, named, by=by, known=known, is_part=True)]


def _load(transaction: Transaction, list_id: int, visitor_id: int, span: int, position: Position) -> Span:
    found = span_rows.find(transaction, list_id, visitor_id, span, position)
    named = found.named or END
    known = Known(found.begins, found.subscriber_id, named)
    at, whose = (found.number, found.begins or BEGIN, found.ends), found.subscriber_id
    return Span(*at, whose, named, by=found.by, known=known, has_wall=found.has_wall)


def _write_spans(transaction: Transaction, visitor: Visitor, life: Life) -> None:
    """A life of one span has no rows. One that has them has one that begins before everything."""
    if len(life.spans) == 1:
        return
    whole = [span for span in life.spans if not span.is_part]
    new = [(span.begins, span.number) for span in whole if not _begins(span)]
    moved = [(s.begins, s.number) for s in whole if _begins(s) not in (None, s.begins)]
    if not any(span.known for span in whole):  # it may have no rows yet
        new += [(BEGIN, span.number) for span in life.spans if span.is_part]
    span_rows.move(transaction, visitor.list_id, visitor.id, moved)
    span_rows.add(transaction, visitor.list_id, visitor.id, new)


def _begins(span: Span) -> Position | None:
    """Where it begins by its row, if it has one."""
    return None if span.known is None else span.known.begins


def _note_written(visitor: Visitor, life: Life) -> None:
    visitor.version, visitor.is_new = life.version, False
    for span in life.spans:
        has_row = len(life.spans) > 1 or _begins(span) is not None
        begins = span.begins if has_row and not span.is_part else None
        span.known = Known(begins, span.subscriber_id, span.named)
        span.told, span.is_taken, span.is_confirmed = None, False, False
