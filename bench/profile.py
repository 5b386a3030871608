"""Where does the time of an event go, room by room? For developers; the sampling costs some percent."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from bench.load import Kind, Load, load
from bench.plan import Plan, known
from bench.report import Report
from bench.servers import ROOT
from bench.site import Database

Stack = tuple[str, ...]
#: What the innermost frame that one of these begins stands for; paths below the checkout or the installed packages.
ROOMS = (
    ("gevent/hub.py", "event loop"),
    ("tracker/storage/engine/write_connection.py:yield_to_others", "event loop"),
    ("tracker/storage/engine/sqlite.py:SqliteEngine.begin", "BEGIN IMMEDIATE"),
    ("tracker/storage/engine/sqlite.py:SqliteEngine.commit", "COMMIT with its sync"),
    ("tracker/storage/engine/sqlite.py:SqliteEngine.checkpoint", "checkpoint"),
    ("tracker/storage/engine/sqlite.py:SqliteEngine._note_wal_pages", "COMMIT with its sync"),
    ("tracker/storage/engine/sqlite.py:_", "checkpoint"),
    ("tracker/storage/engine/transaction.py", "statements"),
    ("tracker/storage/engine/writer.py", "group commit: queue and hand-over"),
    ("tracker/storage/engine/group_commit.py", "group commit: queue and hand-over"),
    ("tracker/storage/engine/write_queue.py", "group commit: queue and hand-over"),
    ("tracker/storage/engine/write_connection.py", "group commit: queue and hand-over"),
    ("tracker/storage/engine/database.py", "group commit: queue and hand-over"),
    ("tracker/storage/catalogue", "catalogue"),
    ("tracker/api/event_params.py", "validation"),
    ("tracker/formats/event_limits.py", "validation"),
    ("tracker/api/event_request.py", "the command"),
    ("tracker/ingest", "ingest: plan and rows"),
    ("tracker/storage", "ingest: plan and rows"),
    ("marshmallow", "validation"),
    ("tracker/registry", "validation"),
    ("tracker/fields.py", "validation"),
    ("tracker/formats/email_address.py", "validation"),
    ("tracker/registry/json_object.py", "body"),
    ("tracker/http/body/batch_items.py", "body"),
    ("tracker/http/body/read_params.py", "body"),
    ("tracker/http/body/reader.py", "body"),
    ("tracker/http/access_log.py", "log line"),
    ("tracker/http/message/json_log.py", "log line"),
    ("tracker/http/message/responses.py", "answer"),
    ("tracker/http", "http: socket, head, front"),
    ("gunicorn", "http: socket, head, front"),
    ("tracker/limits", "limits"),
    ("tracker/auth/authenticator.py", "dispatch"),
    ("tracker/dispatch.py", "dispatch"),
    ("commands", "the command"),
)
PLACES = 45


def expected_seconds(plan: Plan) -> float:
    return 40 + 4 * plan.seconds


def measure(plan: Plan) -> Report:
    known(plan)
    report = Report("profile", "Where the time goes")
    report.say(
        "Microseconds of processor time for each event, sampled in both workers under 32 connections. Waiting is not in "
        "it: of what waits for the disk the wall time is shown."
    )
    _profile(report, plan, "event.track", "event", 1)
    _profile(report, plan, "event.batch of 1,000", "batch", 1_000)
    return report


def _profile(report: Report, plan: Plan, title: str, kind: Kind, events: int) -> None:
    database = plan.site.database(f"profiled-{kind}", copied_from="known")
    folder = plan.site.folder / f"samples-{kind}"
    folder.mkdir()
    taken = _under_load(plan, database, folder, kind, events)
    found = [json.loads(path.read_text()) for path in folder.glob("samples-*.json")]
    samples = [
        (seconds, tuple(_short(frame) for frame in stack))
        for worker in found
        for seconds, stack in worker["samples"]
    ]
    rooms: Counter[str] = Counter()
    places: Counter[tuple[str, str]] = Counter()
    for seconds, stack in samples:
        room = _room(stack)
        rooms[room] += seconds
        places[room, _place(stack)] += seconds
    busy = sum(rooms.values())

    def row(name: str, seconds: float) -> list[str]:
        return [name, f"{seconds / taken.stored * 1e6:.1f}", f"{seconds / busy:.1%}"]

    report.say(f"### {title}: {taken.per_second:,.0f} a second, {busy / taken.stored * 1e6:.0f} µs an event")
    wall = [_wall(found, name, taken) for name in ("begin", "commit", "tidy")]
    report.table(("call", "calls", "wall µs a call", "wall µs an event"), wall)
    report.table(("room", "µs", "share"), [row(room, seconds) for room, seconds in rooms.most_common()])
    most = [(f"{room}: `{place}`", seconds) for (room, place), seconds in places.most_common(PLACES)]
    report.table(("place", "µs", "share"), [row(name, seconds) for name, seconds in most])


def _wall(found: list[dict[str, Any]], name: str, taken: Load) -> list[str]:
    calls = sum(worker["calls"].get(name, 0) for worker in found)
    micros = sum(worker["wall"].get(name, 0.0) for worker in found) * 1e6
    return [f"`{name}`", f"{calls:,}", f"{micros / max(1, calls):,.0f}", f"{micros / taken.stored:.1f}"]


def _under_load(plan: Plan, database: Database, folder: Path, kind: Kind, events: int) -> Load:
    """The samples of the whole run end up in `folder`, so nothing else may happen in it."""
    with database.serve("bench.sampled:app", BENCH_SAMPLES=str(folder)) as url:
        return load(url, plan.site, kind, seconds=2 * plan.seconds, events=events)


def _short(frame: str) -> str:
    for root in ("site-packages/", f"{ROOT}/"):
        if root in frame:
            return frame.rpartition(root)[2]
    return frame


def _room(stack: Stack) -> str:
    for frame in stack:
        for begin, room in ROOMS:
            if frame.startswith(begin):
                return room
    return "everything else"


def _place(stack: Stack) -> str:
    """The innermost function of ours that says what is done, and what it was in; statements are named by who runs them."""
    ours = [
        frame
        for frame in stack
        if frame.startswith(("tracker/", "commands/")) and "transaction.py" not in frame
    ]
    if not ours or ours[0] == stack[0] or "transaction.py" in stack[0]:
        return (ours or stack or ["?"])[0]
    return f"{ours[0]} → {stack[0]}"
