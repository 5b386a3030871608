"""Span store: loads a visitor's spans when an event needs more than the current link, and saves changed spans and links."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from tracker.domain.identity import Subscriber, Visitor
from tracker.domain.provenance import By
from tracker.domain.spans import BEGIN, END, LinkEvent, Position, Span, StoredSpan, VisitorSpans
from tracker.ingest.stored_links import links_in
from tracker.storage.engine import Row, Transaction
from tracker.storage.subscribers import identity_rows, span_rows
from tracker.storage.timeline import SpanKey


class SpanStore:
    """The spans of the visitors of one group. Spans before the current link are read on demand.

    `uncopied_histories` are the linked spans whose earlier timeline rows are still the visitor's.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.uncopied_histories: list[SpanKey] = []

    def at(self, visitor: Visitor, position: Position) -> tuple[int, int | None]:
        """Return the number of the span at a position, and the subscriber it is linked to."""
        if visitor.spans is None and visitor.is_current_at(position):
            return visitor.span, visitor.subscriber_id
        span = self.spans_of(visitor).at(position)
        return span.number, span.subscriber_id

    def link(self, visitor: Visitor, link: LinkEvent) -> None:
        """Link the visitor to a subscriber from an event on. Only credentials' links are applied again in rechecked windows."""
        if link.evidence.by == By.CREDENTIAL:
            visitor.links.append(link)
        is_theirs = visitor.subscriber_id == link.subscriber_id and visitor.is_current_at(link.position)
        if not is_theirs or visitor.linked_by > link.evidence.by:
            self._link(visitor, link)

    def catch_up(self, visitor: Visitor) -> None:
        """Apply links that stored events, and events of this group, make in windows that went to another subscriber.

        This must happen before the next event of the visitor is placed.
        """
        while visitor.spans is not None and (unchecked := visitor.spans.unchecked):
            visitor.spans.unchecked = []
            for window in unchecked:
                stored = links_in(self._transaction, visitor.list_id, visitor.id, window)
                for link in sorted({*stored, *(link for link in visitor.links if link.is_in(window))}):
                    self._link(visitor, link)

    def _link(self, visitor: Visitor, link: LinkEvent) -> None:
        spans = self.spans_of(visitor)
        if spans.link(link):
            last = spans.last()
            visitor.span, visitor.subscriber_id, visitor.linked_by = (
                last.number,
                last.subscriber_id,
                last.by,
            )
            visitor.named_at, visitor.named_id = (None, None) if last.subscriber_id is None else last.named

    def find_subscriber(self, list_id: int, subscriber_id: int) -> Subscriber | None:
        rows = identity_rows.find_subscribers_by_id(self._transaction, [(list_id, subscriber_id)])
        return Subscriber(*rows[0]) if rows else None

    def spans_of(self, visitor: Visitor) -> VisitorSpans:
        if visitor.spans is None:
            load = partial(_load, self._transaction, visitor.list_id, visitor.id, visitor.span)
            visitor.spans = VisitorSpans(visitor.version, _current(visitor), load)
        return visitor.spans

    def write(self, visitors: Iterable[Visitor]) -> None:
        """Write the changed links and spans, with optimistic concurrency by the visitor's `version`.

        Raises Conflict, or the error of a lost race for a key, if another process changed one of them too.
        """
        changed = [(v, v.spans) for v in visitors if v.spans is not None and v.spans.version != v.version]
        if not changed:
            return
        self._write_links([(visitor, span) for visitor, spans in changed for span in spans.loaded])
        identity_rows.confirm_links(
            self._transaction, [row for visitor, spans in changed for row in _confirmed(visitor, spans)]
        )
        for visitor, spans in changed:
            if not visitor.is_new:
                at = (visitor.list_id, visitor.id)
                identity_rows.change_visitor(self._transaction, *at, visitor.link(), visitor.version)
            _write_spans(self._transaction, visitor, spans)
            _note_written(visitor, spans)

    def _write_links(self, spans: list[tuple[Visitor, Span]]) -> None:
        """Write the links of spans with new evidence. If an open stored span has a link that was taken back, reopen it."""
        opened, reopened, earlier = list[Row](), list[Row](), list[Row]()
        for visitor, span in spans:
            if span.evidence is None:
                continue
            has_uncopied_history = span.is_taken and visitor.has_own_events
            row = (
                visitor.list_id, visitor.id, span.number, span.subscriber_id, span.evidence.received_at,
                span.named[1], span.evidence.reason, has_uncopied_history, int(span.by), span.named[0],
            )  # fmt: skip
            stored = span.stored
            kind = opened if stored is None else earlier if stored.subscriber_id is not None else reopened
            kind.append(row)
            if has_uncopied_history:
                self.uncopied_histories.append((visitor.list_id, visitor.id, span.number))
        identity_rows.add_links(self._transaction, opened, reopened)
        identity_rows.date_back_links(self._transaction, earlier)


def _confirmed(visitor: Visitor, spans: VisitorSpans) -> list[Row]:
    return [(visitor.list_id, visitor.id, s.number, s.subscriber_id) for s in spans.loaded if s.is_confirmed]


def _current(visitor: Visitor) -> list[Span]:
    """Return the spans that the visitor's row describes: the current one, or none."""
    if visitor.version == 0:
        stored = None if visitor.is_new else StoredSpan(None, None, END)
        return [Span(visitor.span, BEGIN, stored=stored)]
    if visitor.named_at is None or visitor.named_id is None:
        return []
    named, subscriber_id = (visitor.named_at, visitor.named_id), visitor.subscriber_id
    stored = StoredSpan(None, subscriber_id, named)
    by = visitor.linked_by
    return [Span(visitor.span, named, END, subscriber_id, named, by=by, stored=stored, is_part=True)]


def _load(transaction: Transaction, list_id: int, visitor_id: int, span: int, position: Position) -> Span:
    found = span_rows.find(transaction, list_id, visitor_id, span, position)
    named = found.named or END
    stored = StoredSpan(found.begins, found.subscriber_id, named)
    bounds, subscriber_id = (found.number, found.begins or BEGIN, found.ends), found.subscriber_id
    return Span(*bounds, subscriber_id, named, by=found.by, stored=stored, has_wall=found.has_wall)


def _write_spans(transaction: Transaction, visitor: Visitor, spans: VisitorSpans) -> None:
    """Write the rows of spans. A single span has no row; of several, the first begins before every event."""
    if len(spans.loaded) == 1:
        return
    whole = [span for span in spans.loaded if not span.is_part]
    new = [(span.begins, span.number) for span in whole if not _begins(span)]
    moved = [(s.begins, s.number) for s in whole if _begins(s) not in (None, s.begins)]
    if not any(span.stored for span in whole):  # the visitor may have no rows yet
        new += [(BEGIN, span.number) for span in spans.loaded if span.is_part]
    span_rows.move(transaction, visitor.list_id, visitor.id, moved)
    span_rows.add(transaction, visitor.list_id, visitor.id, new)


def _begins(span: Span) -> Position | None:
    """Return where the span begins by its row, or None if it has no row."""
    return None if span.stored is None else span.stored.begins


def _note_written(visitor: Visitor, spans: VisitorSpans) -> None:
    visitor.version, visitor.is_new = spans.version, False
    for span in spans.loaded:
        has_row = len(spans.loaded) > 1 or _begins(span) is not None
        begins = span.begins if has_row and not span.is_part else None
        span.stored = StoredSpan(begins, span.subscriber_id, span.named)
        span.evidence, span.is_taken, span.is_confirmed = None, False, False
