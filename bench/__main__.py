"""How fast is Tracker, as a share of what a bare Flask JSON echo does in the same run? `make bench`.

Parts: live, listings, growth, timeline, reports, triggers, costs. `profile` is for developers: where does the time of an event go?
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench import costs, growth, listings, live, profile, reports, timeline, triggers_while_live
from bench.load import BenchFailed
from bench.machine import describe
from bench.plan import Plan
from bench.report import Report, write
from bench.site import CONNECTIONS, make_site

PARTS = {
    "live": live,
    "listings": listings,
    "growth": growth,
    "timeline": timeline,
    "reports": reports,
    "triggers": triggers_while_live,
    "costs": costs,
    "profile": profile,
}
#: What `make bench` measures.
USUAL = ("live", "listings", "growth", "timeline", "reports")


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; default: {' '.join(USUAL)}"
    )
    parser.add_argument("--turns", type=int, default=5, help="alternations (default 5)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each load (default 4)")
    parser.add_argument(
        "--millions",
        type=float,
        default=5.0,
        help="to which growth goes, and that reports are asked about (default 5)",
    )
    parser.add_argument(
        "--scale", type=float, default=1.0, help="of visitors and stored events; for a quick look"
    )
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help=f"default {CONNECTIONS}")
    parser.add_argument(
        "--write",
        action="store_true",
        help="put the results into docs/performance.md, costs into docs/scale.md",
    )
    parser.add_argument(
        "--folder", help="where the databases are made: a real disk (default: the temporary folder)"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    return arguments


def main() -> int:
    arguments = read_arguments()
    tempfile.tempdir = arguments.folder  # servers put their folders there too
    names = arguments.parts or USUAL
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
        folder = Path(name)
        reports = [describe(folder)]
        site = make_site(folder, arguments.scale, arguments.connections)
        plan = Plan(site, arguments.turns, arguments.seconds, arguments.scale, arguments.millions)
        minutes = sum(PARTS[part].expected_seconds(plan) for part in names) / 60
        print(f"{reports[0]}\n\nTakes about {minutes:.0f} minutes.\n", flush=True)
        for part in names:
            try:
                reports.append(_measured(part, plan))
            except BenchFailed as failure:
                print(f"\n!!! {part} FAILED: {failure}\n!!! No figure of it means anything.", file=sys.stderr)
                return 1
    if arguments.write:
        machine, *measured = reports
        for page in {report.page for report in measured}:
            write(replace(machine, page=page))
        for report in measured:
            write(report)
    return 0


def _measured(part: str, plan: Plan) -> Report:
    began = time.monotonic()
    report: Report = PARTS[part].measure(plan)
    command = " ".join(["python -m bench", part, *_changed(plan)])
    report.say(f"`{command}` took {(time.monotonic() - began) / 60:.1f} minutes.")
    print(f"{report}\n", flush=True)
    return report


def _changed(plan: Plan) -> list[str]:
    usual = {"turns": 5, "seconds": 4.0, "millions": 5.0, "scale": 1.0}
    changed = [
        f"--{name} {getattr(plan, name):g}" for name, value in usual.items() if getattr(plan, name) != value
    ]
    own = plan.site.connections
    return changed if own == CONNECTIONS else [*changed, f"--connections {own}"]


if __name__ == "__main__":
    sys.exit(main())
