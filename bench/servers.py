"""How does a benchmark start what it measures? Real gunicorn, with the product's own settings, on free ports."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_SECONDS = 20.0
#: What is asked for is asked of two.
WORKERS = int(os.environ.get("WEB_CONCURRENCY", "2"))


@contextmanager
def gunicorn(application: str, environ: Mapping[str, str], log: Path) -> Iterator[str]:
    """Serve `application` under gunicorn.conf.py; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), application]
    with log.open("ab") as output:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "WEB_CONCURRENCY": str(WORKERS), **environ, "PORT": str(port)},
            stdout=output,
            stderr=output,
        )
    try:
        _wait_until_it_answers(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=40)


def _wait_until_it_answers(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")


def workers_pss_megabytes(url: str) -> list[float]:
    """Memory of each worker process listening at `url`: its own pages and its share of shared ones."""
    rollups = [(process / "smaps_rollup").read_text() for process in worker_processes(url)]
    return [
        next(int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
        for rollup in rollups
    ]


def worker_processes(url: str) -> list[Path]:
    """The folders in /proc of the worker processes that listen at `url`."""
    port = int(url.rpartition(":")[2])
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            is_of_port = b"\0PORT=%d\0" % port in environ.read_bytes()
        except OSError:  # the process ended, or is another user's
            continue
        if is_of_port and _has_parent_of_same_port(environ.parent, port):
            found.append(environ.parent)
    return found


def _has_parent_of_same_port(process: Path, port: int) -> bool:
    parent = next(
        line.split()[1] for line in (process / "status").read_text().splitlines() if line.startswith("PPid:")
    )
    try:
        return b"\0PORT=%d\0" % port in (Path("/proc") / parent / "environ").read_bytes()
    except OSError:
        return False


def is_up(url: str) -> bool:
    with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:
        return bool(answer.status == 200)
