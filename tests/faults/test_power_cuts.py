"""What if the power fails? Whatever the disk had not been told to sync is gone, and no acknowledged event is with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.acked_events import Story
from tests.faults.checker import Decision, check
from tests.faults.cuts import Cut, Films, base_of
from tests.faults.disk import DATABASE, LOG
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.processes import until

CUTS = run_length(short=32, long=320)
#: Each run goes on from the disk that the last cut of the one before it has left.
RUNS = run_length(short=2, long=8)
EVENTS = run_length(short=350, long=600)
#: Events of the past that every run sends once more, with the EventIDs they had.
REPEATED = 60


@dataclass(slots=True)
class Runs:
    """Runs of a server whose power is cut, one after the other; `parts` are the ledgers up to their cuts."""

    folder: Path
    planted: tuple[str, ...] = ("small log",)
    parts: list[tuple[Path, int | None]] = field(default_factory=list)
    database: Path | None = None
    first: Harness | None = None
    checkpoints: int = 0

    def film(self, seed: int) -> tuple[Films, Path]:
        """One run under load, from the disk that is there."""
        path = self.database or self.folder / "tracker.db"
        tracker = Harness(f"sqlite:///{path}", planted=self.planted, is_recorded=True)
        self.first = tracker.set_up_like(self.first)
        base = base_of(path)
        with tracker, Load(tracker, seed, folder=self.folder, most_events=EVENTS, again=self._past(),
                           recording=str(tracker.recording)) as load:  # fmt: skip
            load.complete()
            films = until(
                lambda: _as_on_the_disk(Films(tracker.recording, base), path), 10, "a recording of all writes"
            )
            tracker.kill()
        self.checkpoints += sum(entry.kind == b"E" and entry.file == DATABASE for entry in films.recorded)
        return films, load.ledger

    def cut(self, cut: Cut, ledger: Path) -> tuple[str, Story]:
        """The disk after a cut, from which the next run starts, and what was promised until then."""
        self.database = cut.write(self.folder / f"{ledger.name}-{cut.at}-{cut.policy}" / "tracker.db")
        return f"sqlite:///{self.database}", Story.read(*self.parts, (ledger, cut.ledger_length))

    def _past(self) -> list[Any]:
        story = Story.read(*self.parts)
        known = [
            (n, sent) for n, sent in story.events.items() if sent.kind == "good" and "EventID" in sent.params
        ]
        return [[n, sent.kind, sent.params] for n, sent in known[-REPEATED:]]


def _as_on_the_disk(films: Films, path: Path) -> Films | None:
    """The recording, if what it makes is what is on the real disk."""
    [end] = films.cuts([len(films.recorded)], random.Random(0), ["all"])
    real = {DATABASE: end.files.get(""), LOG: end.files.get("-wal")}
    return films if real == base_of(path) else None


def _cut_power(
    runs: Runs, cuts: int, count: int, rng: random.Random
) -> Iterator[tuple[Cut, Story, Decision]]:
    for run in range(count):
        films, ledger = runs.film(SEED * 100 + run)
        for cut in films.cuts(films.moments(cuts // count, rng), rng):
            yield cut, *_checked(runs, cut, ledger)
        runs.parts.append((ledger, cut.ledger_length))


def _checked(runs: Runs, cut: Cut, ledger: Path) -> tuple[Story, Decision]:
    url, story = runs.cut(cut, ledger)
    return story, check(url, story)


def test_power_cuts_lose_nothing_that_was_acknowledged(report: Report, tmp_path: Path) -> None:
    runs, rng, seen = Runs(tmp_path), random.Random(SEED), []
    for cut, story, verdict in _cut_power(runs, CUTS, RUNS, rng):
        seen.append(story)
        assert not verdict.faults, f"seed {SEED}, {cut.policy} at {cut.at}:\n{verdict}"
    assert runs.checkpoints >= RUNS, "the file was written to, not only its log"
    report("power cuts", faults=len(seen), **figures(seen[-1]), verdict="nothing wrong")


def test_without_syncing_at_commit_power_cuts_lose(report: Report, tmp_path: Path) -> None:
    """The control: SQLite's synchronous=NORMAL, which a kill -9 cannot tell from FULL.

    A disk that keeps nothing it was not told to sync must lose by every cut; the other policies may.
    """
    runs, rng = Runs(tmp_path, ("synchronous=NORMAL",)), random.Random(SEED)
    films, ledger = runs.film(SEED * 100)
    cuts = films.cuts(films.moments(12, rng, since=_first_unsynced(films, ledger)), rng)
    verdicts = [(cut, _checked(runs, cut, ledger)[1]) for cut in cuts]
    losing = [verdict for _, verdict in verdicts if "lost" in verdict.kinds]
    report(
        "synchronous=NORMAL",
        of="mutation",
        met=f"{len(verdicts)} power cuts",
        found=f"in {len(losing)} of them events are lost, in the first {losing[0].summary}",
    )
    kept_nothing = [verdict for cut, verdict in verdicts if cut.policy == "none"]
    assert len(kept_nothing) >= 3
    assert all("lost" in verdict.kinds for verdict in kept_nothing)


def _first_unsynced(films: Films, ledger: Path) -> int:
    """When is an event acknowledged that was first sent after the last sync of the log?"""
    synced = max(at for at, entry in enumerate(films.recorded) if (entry.kind, entry.file) == (b"E", LOG))
    earlier = Story.read((ledger, films.ledger_length(synced))).events
    for at in films.marks(since=synced):
        events = Story.read((ledger, films.ledger_length(at))).events
        if any(events[n].kind == "good" and events[n].is_acknowledged for n in events.keys() - earlier):
            return at
    raise AssertionError("the log is synced after each event")
