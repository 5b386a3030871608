"""On which machine was it measured?"""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import apsw

from bench.report import Report
from bench.servers import ROOT, WORKERS

PACKAGES = ("flask", "gunicorn", "gevent", "marshmallow", "apsw", "peewee")


def describe(folder: Path) -> Report:
    """Processor, memory, kernel, the disk of `folder`, and the versions of what runs."""
    report = Report("machine", "The machine")
    report.table(
        ("what", "which"),
        [
            ["measured on", f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}, at commit {_commit()}"],
            ["processor", f"{os.cpu_count()} × {_line('/proc/cpuinfo', 'model name')}"],
            ["memory", f"{int(_line('/proc/meminfo', 'MemTotal').split()[0]) / 1024**2:.0f} GB"],
            ["kernel", f"{platform.system()} {platform.release()}"],
            ["disk", _disk(folder)],
            ["load before it began", f"{os.getloadavg()[0]:.1f}"],
            ["Python, SQLite", f"{platform.python_version()}, {apsw.sqlitelibversion()}"],
            ["packages", ", ".join(f"{name} {version(name)}" for name in PACKAGES)],
            ["workers", f"{WORKERS}, and the client on the same machine"],
        ],
    )
    return report


def _line(path: str, name: str) -> str:
    lines = Path(path).read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")


def _disk(folder: Path) -> str:
    """The file system, and whether the device below it spins, as far as the kernel says."""
    said = _output("df", "--output=source,fstype", str(folder)).splitlines()
    source, kind = said[-1].split() if said else ("unknown", "unknown")
    spins = Path("/sys/class/block") / Path(source).name / "queue/rotational"
    spinning = {"0": ", not spinning", "1": ", says it spins"}
    return f"{kind} on {source}{spinning.get(spins.read_text().strip(), '') if spins.exists() else ''}"


def _commit() -> str:
    name = _output("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD").strip() or "unknown"
    changed = _output("git", "-C", str(ROOT), "status", "--porcelain", "tracker", "commands")
    return f"{name}{' with changes' if changed.strip() else ''}"


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    sys.stdout.write(f"{describe(ROOT)}\n")
