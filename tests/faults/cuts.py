"""What does the disk hold when the power fails? Made from a recording of everything that was asked of it.

What was synced is there. Of what was not, adversarially: nothing, everything, any of the writes without regard to their
order, or any of their sectors. The shared-memory index is never there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.disk import DATABASE, LOG, Entry, entries

SECTOR = 512
POLICIES = ("none", "all", "some", "torn")


@dataclass(slots=True)
class FileState:
    """One file: what is surely on the disk (None: no such file), and what may be."""

    durable: bytearray | None
    pending: list[Entry] = field(default_factory=list)
    begun: dict[int, int] = field(default_factory=dict)  # process: how much was pending when its sync began

    def take(self, entry: Entry) -> None:
        if entry.kind == b"B":
            self.begun[entry.process] = len(self.pending)
        elif entry.kind == b"E":
            self._settle(self.begun.pop(entry.process))
        else:
            self.pending.append(entry)

    def _settle(self, count: int) -> None:
        for entry in self.pending[:count]:
            self.durable = _applied(self.durable, entry, entry.data)
        del self.pending[:count]
        self.begun = {process: max(0, begun - count) for process, begun in self.begun.items()}

    def image(self, policy: str, rng: random.Random) -> bytes | None:
        content = None if self.durable is None else bytearray(self.durable)
        for entry in self.pending if policy != "none" else ():
            is_kept = policy == "all" or rng.random() < 0.5
            if entry.kind == b"D" and not is_kept:
                break  # what follows went into a file that is not the one of this name any more
            if entry.kind == b"W" and policy == "torn":
                content = _torn(content, entry, rng)
            elif is_kept:
                content = _applied(content, entry, entry.data)
        return None if content is None else bytes(content)


def _applied(
    content: bytearray | None, entry: Entry, data: bytes, offset: int | None = None
) -> bytearray | None:
    if entry.kind == b"D":
        return None
    content = bytearray() if content is None else content
    if entry.kind == b"T":
        del content[entry.offset :]
        return content
    at = entry.offset if offset is None else offset
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data
    return content


def _torn(content: bytearray | None, entry: Entry, rng: random.Random) -> bytearray | None:
    """Some of the sectors a write touches."""
    at, end = entry.offset, entry.offset + len(entry.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        if rng.random() < 0.5:
            content = _applied(content, entry, entry.data[at - entry.offset : upto - entry.offset], at)
        at = upto
    return content


@dataclass(frozen=True, slots=True)
class Cut:
    """`ledger_length`: what the ledger said at that moment. `files`: name suffix → content."""

    at: int
    policy: str
    ledger_length: int
    files: dict[str, bytes]

    def write(self, path: Path) -> Path:
        """Put the files where SQLite looks for them; gives the database's path."""
        path.parent.mkdir(parents=True)
        for suffix, content in self.files.items():
            Path(f"{path}{suffix}").write_bytes(content)
        return path


def base_of(path: Path) -> dict[bytes, bytes | None]:
    """The files of a database nobody uses: on the disk for long."""
    files = {DATABASE: path, LOG: Path(f"{path}-wal")}
    return {file: where.read_bytes() if where.exists() else None for file, where in files.items()}


class Films:
    """A recording, run through once; it stops at the moments that were asked for."""

    def __init__(self, recording: Path, base: dict[bytes, bytes | None]) -> None:
        self.recorded = list(entries(recording))
        self._base = base

    def marks(self, since: int = 0) -> list[int]:
        """The moments just after the ledger was told of something."""
        return [at + 1 for at, entry in enumerate(self.recorded) if entry.kind == b"M" and at + 1 >= since]

    def ledger_length(self, moment: int) -> int:
        """What the ledger said at a moment."""
        return max((entry.offset for entry in self.recorded[:moment] if entry.kind == b"M"), default=0)

    def moments(self, count: int, rng: random.Random, since: int = 0) -> list[int]:
        """Half of them just after the ledger was told of something, half anywhere; none is before `since`."""
        marks = self.marks(since)
        assert len(marks) >= count, f"{len(marks)} lines of the ledger are in the recording"
        chosen = rng.sample(marks, count // 2)
        return sorted(
            chosen + [rng.randrange(marks[0], len(self.recorded)) for _ in range(count - len(chosen))]
        )

    def cuts(
        self, moments: list[int], rng: random.Random, policies: Sequence[str] = POLICIES
    ) -> Iterator[Cut]:
        """The disk at each of the (sorted) moments, policies in turn."""
        states = {
            file: FileState(None if data is None else bytearray(data)) for file, data in self._base.items()
        }
        at, length = 0, 0
        for number, moment in enumerate(moments):
            for entry in self.recorded[at:moment]:
                if entry.kind == b"M":
                    length = entry.offset
                else:
                    states[entry.file].take(entry)
            at = moment
            policy = policies[number % len(policies)]
            images = {"": states[DATABASE].image(policy, rng), "-wal": states[LOG].image(policy, rng)}
            yield Cut(
                moment, policy, length, {name: data for name, data in images.items() if data is not None}
            )
