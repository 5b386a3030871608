"""An engine that answers as it is told, and remembers what it was asked: for tests of the wire alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess
from tracker.domain.spellings import PLAIN, Spellings
from tracker.questions import Question

#: When the answers are from: 2026-01-31T10:00:00Z.
AS_OF = 1_769_853_600_000
SCOPE = {"events": 12, "robots": 3, "left_out": 2, "as_of": AS_OF, "is_complete": True}


class StubEngine:
    """What stands in the place of `services.analytics`."""

    def __init__(self, client: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reply: dict[str, Any] = {}
        #: Replies that come before, one for each question.
        self.first: list[dict[str, Any]] = []
        self.asked: list[Any] = []
        #: With which spellings the last question came.
        self.spellings = PLAIN
        monkeypatch.setattr(client.services.analytics, "ask", self.ask)

    def ask(
        self, question: Question, user_id: int, deadline: float | None, spellings: Spellings = PLAIN
    ) -> dict[str, Any]:
        self.asked.append(question)
        self.spellings = spellings
        return self.first.pop(0) if self.first else self.reply

    def answers(self, **answer: Any) -> None:
        self.reply = {"answer": {**answer, "scope": SCOPE}}

    @property
    def question(self) -> Any:
        """The last question."""
        return self.asked[-1]
