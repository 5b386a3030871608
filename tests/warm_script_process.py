"""What has loaded the `tracker` script and the reports process, and becomes one of them in a fork each time it is told to?

Started once by `tests/warm_script.py`, which sends it orders over a socket, and ends with that.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.forked import take_on

MODULES = ("tracker.cli", "tracker.analytics.process.serve_reports")
MAX_ORDER_BYTES = 1 << 20
#: Its three files, and where its process id and its end are told.
FILES = 4


def tell(told: int, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody wants to know
        os.write(told, b"%d\n" % number)


def report_ends(told: dict[int, int]) -> None:
    while told:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        tell(told[pid], status)
        os.close(told.pop(pid))


def become(order: dict[str, Any], files: list[int]) -> Callable[[], Any]:
    """Take the files and what else differs of one program; return its `main`."""
    os.setsid()
    for number, given in enumerate(files):
        os.dup2(given, number)
        os.close(given)
    take_on(order)
    main: Callable[[], Any] = importlib.import_module(order["module"]).main
    return main


def wait_for_orders(orders: socket.socket) -> Callable[[], Any] | None:
    """What a fork is to run; None when nobody gives orders any more."""
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, int] = {}
    with selectors.DefaultSelector() as waits:
        waits.register(waking, selectors.EVENT_READ)
        waits.register(orders, selectors.EVENT_READ)
        while True:
            ready = [key.fd for key, _ in waits.select()]
            if waking in ready:
                os.read(waking, 1000)
                report_ends(told)
            if orders.fileno() not in ready:
                continue
            order, files, _, _ = socket.recv_fds(orders, MAX_ORDER_BYTES, FILES)
            if not order:
                return None
            pid = os.fork()
            if not pid:
                break
            told[pid] = files.pop()
            tell(told[pid], pid)
            for given in files:
                os.close(given)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in (waking, woken, files.pop(), *told.values()):
        os.close(number)
    orders.close()
    return become(json.loads(order), files)


if __name__ == "__main__":
    for name in MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    if program := wait_for_orders(socket.socket(fileno=int(sys.argv[1]))):
        sys.exit(program())
