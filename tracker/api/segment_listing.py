"""Segment listing: all segments of a list as they are shown, and those of them that can be asked about now."""

from __future__ import annotations

from tracker import Command
from tracker.api.report_asking import Asked, asked
from tracker.api.report_params import field_finder
from tracker.api.segment_params import INVALID_RULE, ever, segment_information
from tracker.api.segment_rules import SegmentRules, until_of
from tracker.questions import Condition, SegmentSizes, all_conditions, in_segment


class SegmentListing:
    """The segments of a list. `shown` has them by number."""

    def __init__(self, command: Command, list_id: int) -> None:
        self._command, self._list_id = command, list_id
        self._kept = command.services.stores.segments.of_list(list_id, command.deadline)
        until, field_id = until_of(command.now), field_finder(command, list_id)
        self._rules = SegmentRules(self._kept, INVALID_RULE, field_id, until)
        self.shown = {
            each.id: segment_information(each, self._rules.users_of(each.id)) for each in self._kept
        }

    def ask(self, subscriber: int | None = None) -> Asked:
        """Put into what is shown how many are in each segment or, with a subscriber, whether they are. Returns the answer."""
        askable = self._askable()
        if not askable:
            return Asked({}, 1.0)
        head = ever(self._command, self._list_id, self._command.now)
        question = SegmentSizes(head, tuple(askable.values()), subscriber)
        found = asked(self._command, question, bad_regex=INVALID_RULE)
        if found.answer is not None:
            for number, size in zip(askable, found.answer["sizes"], strict=True):
                self.shown[number] |= {"People": size} if subscriber is None else {"IsIn": size > 0}
        return found

    def _askable(self) -> dict[int, Condition]:
        """Return the segments whose rules can be asked, and those that ask for custom fields only if the caller may see people."""
        until, sees_fields = until_of(self._command.now), self._command.caller.may("Subscribers.Get")
        found: dict[int, Condition] = {}
        for each in self._kept:
            if self._rules.fault_of(each.id) is None:
                segment = in_segment(self._rules(each.id)[0], until)
                if sees_fields or all(part.field is None for part in all_conditions(((segment,),))):
                    found[each.id] = segment
        return found
