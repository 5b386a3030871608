"""What has loaded Tracker's modules, and becomes a program, in a fork of its own, each time it is told to?

Started once by `tests/warm_start.py`, which writes a JSON line for each start to its standard input; it answers with a line
`pid number` for each start and `ended pid status` for each end. It ends with its input.

Of Tracker's two seconds of start the modules are three quarters, and a quarter is what is the same for all applications
(tests/made_once.py). Only they are here: settings, database, threads and sockets are those of the fork. The program is gunicorn, or a module that `python -m` runs, which then waits as a worker's code does.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import importlib.metadata
import json
import os
import pkgutil
import runpy
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

from tests.forked import take_on

#: What a worker replaces by what waits without holding up others; the supervisor of workers replaces nothing.
WAITS = ("time", "select", "queue", "socket", "threading")
REPLIES = 1


def as_they_are() -> dict[str, ModuleType]:
    """Copies of these modules as they are now."""
    copies = {}
    for name in WAITS:
        copies[name] = ModuleType(name)
        vars(copies[name]).update(vars(importlib.import_module(name)))
    return copies


class Patches:
    """What replaces for good, as a `pytest.MonkeyPatch` does for a while."""

    def setattr(self, target: Any, name: Any, *value: Any) -> None:
        if isinstance(target, str):
            module, _, attribute = target.rpartition(".")
            setattr(pkgutil.resolve_name(module), attribute, name)
        else:
            setattr(target, name, *value)


def load() -> Callable[[], Any]:
    """Load all that a worker loads, after the replacements that a worker makes first: what a module takes by name is replaced."""
    # gevent asks a dozen times in each worker, and the tests' own process installs the plugins.
    importlib.metadata.entry_points = functools.cache(importlib.metadata.entry_points)
    import gunicorn.arbiter
    import gunicorn.config
    import gunicorn.sock
    from gevent import monkey
    from gunicorn.app.wsgiapp import run

    plain = as_they_are()
    monkey.patch_thread()
    monkey.patch_time()
    monkey.patch_socket()
    monkey.patch_select()
    monkey.patch_selectors()
    monkey.patch_ssl()
    monkey.patch_subprocess()
    monkey.patch_builtins()
    monkey.patch_queue()
    monkey.patch_contextvars()
    for module in (gunicorn.arbiter, gunicorn.sock):
        for name in WAITS:
            if name in vars(module):
                setattr(module, name, plain[name])
    for name in (
        "tracker.app",
        "tracker.http.server.worker",
        "tracker.http.server.log",
        "gunicorn.workers.ggevent",
    ):
        importlib.import_module(name)
    from tests.made_once import make_once

    make_once(Patches())
    prepare("")

    def become() -> Any:
        if sys.argv[1] == "-m":
            del sys.argv[:2]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
            return 0
        gunicorn.config.Chdir.default = os.getcwd()  # it is taken when the module is loaded
        return run()

    return become


@functools.cache
def prepare(limits: str) -> None:
    """Make what is the same for all applications with these limits, which the OpenAPI document says. Opens nothing."""
    from tracker.app import create_app
    from tracker.config import ConfigError, Settings

    with suppress(ConfigError):  # the program says what is wrong
        create_app(
            Settings.from_environ({"TRACKER_DATABASE_URL": "sqlite:////nowhere", "TRACKER_LIMITS": limits})
        )
    gc.freeze()


def start(order: dict[str, Any]) -> bool:
    """Fork. True in the process that is the program now."""
    prepare(order["environment"].get("TRACKER_LIMITS", ""))
    pid = os.fork()
    if pid:
        os.write(REPLIES, f"pid {pid}\n".encode())
        return False
    os.setsid()
    for number, opened in enumerate(
        (os.open(order["input"], os.O_RDONLY), os.open(order["log"], os.O_WRONLY | os.O_APPEND))
    ):
        os.dup2(opened, number)
        os.close(opened)
    os.dup2(1, 2)
    take_on(order)
    return True


def run_and_exit(program: Callable[[], Any]) -> None:
    """Be the program, or a worker that it forks, and end as an interpreter does, but for taking all modules apart."""
    try:
        code = program()
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as an interpreter does
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    atexit._run_exitfuncs()  # noqa: SLF001 - there is no other way to have them run before `os._exit`
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def report_ends() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        os.write(REPLIES, f"ended {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


def wait_for_orders(poll: Any) -> bool:
    """True in a fork; False at the end of the input."""
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll.register(0, select.POLLIN)
    poll.register(waking, select.POLLIN)
    rest = b""
    while True:
        ready = {number for number, _ in poll.poll()}
        if waking in ready:
            os.read(waking, 1000)
            report_ends()
        if 0 in ready:
            read = os.read(0, 1 << 20)
            if not read:
                return False
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                if start(json.loads(line)):
                    signal.set_wakeup_fd(-1)
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    os.close(waking)
                    os.close(woken)
                    return True


if __name__ == "__main__":
    poll = select.poll()
    program = load()
    gc.collect()
    gc.freeze()
    if wait_for_orders(poll):
        run_and_exit(program)
