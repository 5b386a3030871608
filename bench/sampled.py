"""The application of `wsgi.py` in a worker that notes what it spends its time on: `bench.sampled:app`.

A timer of processor time sends a signal, whose handler runs when a call into C returns; so each sample weighs as much as
processor time has passed since the last one. Waiting shows in no sample: for what waits for the disk, wall time is taken.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import FrameType
from typing import Any

from tracker.storage.engine.sqlite import SqliteEngine
from wsgi import app

INTERVAL_SECONDS = 0.001
#: Frames of a stack that are noted, from the innermost.
DEPTH = 60

__all__ = ["app"]

_folder = Path(os.environ["BENCH_SAMPLES"])
_seconds: defaultdict[tuple[str, ...], float] = defaultdict(float)
_last = time.process_time()
#: Calls and wall seconds of what may wait for the disk.
_calls: Counter[str] = Counter()
_waited: defaultdict[str, float] = defaultdict(float)


def _note(_signal: int, frame: FrameType | None) -> None:
    global _last
    now = time.process_time()
    stack: list[str] = []
    while frame is not None and len(stack) < DEPTH:
        code = frame.f_code
        stack.append(f"{code.co_filename}:{code.co_qualname}")
        frame = frame.f_back
    _seconds[tuple(stack)] += now - _last
    _last = now


def _timed(name: str) -> None:
    inner = getattr(SqliteEngine, name)

    def timed(self: SqliteEngine, database: Any) -> Any:
        began = time.perf_counter()
        try:
            return inner(self, database)
        finally:
            _calls[name] += 1
            _waited[name] += time.perf_counter() - began

    setattr(SqliteEngine, name, timed)


def _save() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    found = {
        "samples": [[seconds, stack] for stack, seconds in _seconds.items()],
        "calls": _calls,
        "wall": _waited,
    }
    (_folder / f"samples-{os.getpid()}.json").write_text(json.dumps(found))


for _name in ("begin", "commit", "tidy"):
    _timed(_name)
signal.signal(signal.SIGPROF, _note)
signal.siginterrupt(signal.SIGPROF, False)
signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
atexit.register(_save)
