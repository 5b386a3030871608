"""What was sent, and what was said to it? A file of lines that outlives every kill, and what it adds up to.

Each line is a JSON array:

    ["new", n, kind, params]             event number n is about to be sent for the first time
    ["send", request, [[n, id], ...]]    a request goes out with these events, with these EventIDs (or null)
    ["got", request, seconds, [[outcome, detail], ...]]     what became of each, in the same order
    ["end"]                              the client has said all

Outcomes: "ack" and "duplicate" (detail: the visitor's uuid), "refused" (detail: the code; a 4xx), "certain" (100012, a
connection that could not be made, or a limit: nothing was stored), "unknown" (100013, a broken connection; detail: the
EventID to repeat it with, if one was told), "unexpected" (anything else: no answer of ours).
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STORED = {"ack", "duplicate"}


@dataclass(slots=True)
class Sent:
    """One event of the ledger. `kind`: "good", "bad" (to be refused), "test" (to be answered and not stored)."""

    kind: str
    params: dict[str, Any]
    outcomes: list[tuple[str, Any]] = field(default_factory=list)
    open_requests: int = 0

    @property
    def is_acknowledged(self) -> bool:
        return any(outcome in STORED for outcome, _ in self.outcomes)

    @property
    def may_be_stored(self) -> bool:
        doubtful = self.open_requests or any(
            outcome in ("unknown", "unexpected") for outcome, _ in self.outcomes
        )
        return self.kind == "good" and (bool(doubtful) or self.is_acknowledged)

    @property
    def uuids(self) -> set[str]:
        return {detail for outcome, detail in self.outcomes if outcome in STORED}


class Ledger:
    """The writing end. `note` returns only when the line is with the operating system."""

    def __init__(self, path: Path, recording: Path | None = None) -> None:
        self._file = path.open("ab", buffering=0)
        self._at = self._file.tell()
        self._lock = threading.Lock()
        self._recording = Recording(recording) if recording else None

    def note(self, *line: Any) -> None:
        data = json.dumps(line).encode() + b"\n"
        with self._lock:
            self._file.write(data)
            self._at += len(data)
            if self._recording:
                self._recording.mark(self._at)


class Recording:
    """The file that the writes of a disk are recorded in, for lines that say how long the ledger is by now."""

    def __init__(self, path: Path) -> None:
        from tests.faults.disk import Recorder

        self._recorder = Recorder(path)

    def mark(self, length: int) -> None:
        self._recorder.note(b"M", offset=length)


@dataclass(slots=True)
class Story:
    """What the ledgers say, all in all."""

    events: dict[int, Sent] = field(default_factory=dict, repr=False)
    seconds: list[float] = field(default_factory=list, repr=False)
    is_ended: bool = False
    _requests: dict[tuple[int, int], list[int]] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, *parts: tuple[Path, int | None]) -> Story:
        """The story of ledgers up to a length each (None: all of it)."""
        story = cls()
        for number, (path, length) in enumerate(parts):
            for line in path.read_bytes()[:length].splitlines():
                story._add(number, json.loads(line))
        return story

    @property
    def acks(self) -> int:
        """Events that were acknowledged, each counted once."""
        return sum(sent.kind == "good" and sent.is_acknowledged for sent in self.events.values())

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(outcome for sent in self.events.values() for outcome, _ in sent.outcomes)

    def _add(self, part: int, line: list[Any]) -> None:
        match line:
            case ["new", n, kind, params]:
                self.events.setdefault(n, Sent(kind, params))  # an earlier client's may be sent again
            case ["send", request, sendings]:
                self._requests[part, request] = [n for n, _ in sendings]
                for n, _ in sendings:
                    self.events[n].open_requests += 1
            case ["got", request, seconds, outcomes]:
                self.seconds.append(seconds)
                for n, (outcome, detail) in zip(self._requests[part, request], outcomes, strict=True):
                    self.events[n].open_requests -= 1
                    self.events[n].outcomes.append((outcome, detail))
            case ["end"]:
                self.is_ended = True
