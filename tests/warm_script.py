"""How are the `tracker` script and the reports process started without loading their modules anew? By forks of what has loaded them.

What runs there is the program itself, with the arguments, environment, folder and files that it is given.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import orjson

from tests.forked import ROOT, environment_of_origin
from tracker.analytics.process.reports_setup import SERVER, ReportsSetup

SCRIPT = "tracker.cli"
MAX_STATUS_BYTES = 20
#: Settings that Python reads when it starts: with another value of one, all is started anew.
OF_PYTHON = ("PYTHON", "LANG", "LC_")
_start_server = ReportsSetup.start_server


@functools.cache
def _origin() -> socket.socket:
    """Takes orders: a JSON object, with the files of the program, and of who is told its process id and how it ended."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        # It ends with our end of the socket, which ends with this process.
        subprocess.Popen(
            # Its forks have the same command line: the module is in it as a process of reports is known by that.
            [sys.executable, str(ROOT / "tests/warm_script_process.py"), str(theirs.fileno()), SERVER],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            env=environment_of_origin(),
        ).returncode = 0
    return ours


def _fork(
    module: str, arguments: Sequence[str], files: Sequence[int], folder: Path, env: Mapping[str, str]
) -> tuple[int, IO[bytes]]:
    """Run a module's `main`. Returns its process id, and where the exit code comes."""
    reading, writing = os.pipe()
    order = {"module": module, "arguments": arguments, "folder": str(folder), "environment": dict(env)}
    try:
        socket.send_fds(_origin(), [json.dumps(order).encode()], [*files, writing])
    finally:
        os.close(writing)
    told = os.fdopen(reading, "rb", buffering=0)
    pid = told.readline()
    assert pid, "the process that programs are forked from has ended"
    return int(pid), told


class Script(subprocess.Popen[Any]):
    """The `tracker` script with these arguments, as `subprocess.Popen` starts and holds it."""

    def _execute_child(
        self, args: Any, _executable: Any, _before: Any, _close: Any, _pass: Any, cwd: Any, env: Any,
        _info: Any, _flags: Any, _shell: Any, *pipes: Any,
    ) -> None:  # fmt: skip
        files = [
            given if given != -1 else number for number, given in enumerate((pipes[0], pipes[3], pipes[5]))
        ]
        self.pid, self._told = _fork(SCRIPT, args, files, cwd, env)
        self._child_created = True
        self._close_pipe_fds(*pipes[:6])

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """As `os.waitpid`, of a process that is another's child: (0, 0) if it runs."""
        os.set_blocking(self._told.fileno(), not wait_flags & os.WNOHANG)
        try:
            status = os.read(self._told.fileno(), MAX_STATUS_BYTES)
        except BlockingIOError:
            return 0, 0
        self._told.close()
        return self.pid, int(status)

    def _internal_poll(self, _deadstate: int | None = None, **_: Any) -> int | None:
        if self.returncode is None and self._child_created:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)
        return self.returncode


def start_script(
    script: Path, arguments: Sequence[str], env: Mapping[str, str], **options: Any
) -> subprocess.Popen[str]:
    """Start the installed script, as a fork where no setting of Python's differs; `options` go to `subprocess.Popen`."""
    differing = {
        name for name in env if name.startswith(OF_PYTHON) and env[name] != environment_of_origin().get(name)
    }
    if differing:
        return start_anew(script, arguments, env, **options)
    return Script([str(script), *arguments], env=dict(env), text=True, **options)


def start_anew(
    script: Path, arguments: Sequence[str], env: Mapping[str, str], **options: Any
) -> subprocess.Popen[str]:
    """Start the installed script as anybody does."""
    return subprocess.Popen([str(script), *arguments], env=dict(env), text=True, **options)


def start_server(setup: ReportsSetup, log: IO[bytes], told: int, **more: Any) -> None:
    """As `ReportsSetup.start_server`; a process that inherits a limit is started anew."""
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        _start_server(setup, log, told, **more)
        return
    reading, writing = os.pipe()
    try:
        _fork(SERVER, [SERVER], [reading, told, log.fileno()], Path.cwd(), os.environ)[1].close()
    finally:
        os.close(reading)
    sent = {name: getattr(setup, name) for name in ReportsSetup.__slots__}
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        pipe.write(orjson.dumps({**sent, **more}))
