"""Attribution: what conversions are credited to, of the visits that came before each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tracker.questions.conditions import BadQuestion, check_number
from tracker.questions.subjects import Goal

Model = Literal["last_non_direct", "first", "even"]
MODELS = get_args(Model)
#: Days before a conversion in which a visit is credited with it.
MAX_CREDIT_DAYS, USUAL_CREDIT_DAYS = 90, 30
#: What conversions are credited to -> the property whose first value in a visit tells it.
ENTRIES = {
    "channel": "$channel",
    "source": "$utm_source",
    "campaign": "$utm_campaign",
    "referrer": "$referring_domain",
    "pr": "pr",
    "entry": "$pathname",
}
#: The channel of a visit that nothing brought.
DIRECT = "Direct"


@dataclass(frozen=True, slots=True)
class AttributionPlan:
    """What the visits that began in the last `days` before a conversion began with, and which of them has the credit.

    A conversion is an event that counts as one or, with a `conversion` or a goal in the head, an event like that.
    """

    entry: str = "channel"
    model: Model = "last_non_direct"
    days: int = USUAL_CREDIT_DAYS
    conversion: Goal | None = None

    def __post_init__(self) -> None:
        if self.entry not in ENTRIES:
            raise BadQuestion("by", f"give one of {', '.join(ENTRIES)}")
        if self.model not in MODELS:
            raise BadQuestion("model", f"the models are {', '.join(MODELS)}")
        check_number("days", self.days, 1, MAX_CREDIT_DAYS)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The goals of which it has conditions."""
        return () if self.conversion is None else (self.conversion,)
