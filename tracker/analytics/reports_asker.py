"""Reports asker: the client of an instance without copies of its own. It asks the instance that serves them, and looks after none."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from tracker import __version__
from tracker.analytics.copy.copy_files import ASKED
from tracker.analytics.copy.truth_reader import KnownSource
from tracker.analytics.gateway.gateway_connection import GatewayAway, GatewayConnection
from tracker.analytics.process.report_socket import SERVING
from tracker.analytics.process.reports_setup import LOCK, SERVED, ReportsSetup
from tracker.analytics.reports_client import LONG_SECONDS, STATUS_SECONDS, ReportsClient, unavailable
from tracker.analytics.reports_connection import GIVE_UP_SECONDS, Reply, take_lock
from tracker.errors import StorageUnavailable
from tracker.private_file import open_private

#: Seconds without a question after which a copy is nobody's: a forget promises a day.
LEFT_SECONDS = 12 * 3600.0

_log = logging.getLogger("tracker.reports")


class ReportsAsker(ReportsClient):
    """The serving instance as this process knows it. Here nothing is started, kept or looked after, and DuckDB is not needed."""

    def __init__(
        self, setup: ReportsSetup, gateway: GatewayConnection, encode: Callable[[Any], Reply] = dict
    ) -> None:
        super().__init__(setup, encode)
        self._gateway, self._source = gateway, KnownSource(setup.open_database)

    @property
    def is_asker(self) -> bool:
        return True

    def request(self, message: Reply, seconds: float = LONG_SECONDS) -> Reply:
        return self.pass_on(message, seconds)

    def status_if_running(self) -> Reply | None:
        reply = self.pass_on({"running": True}, STATUS_SECONDS)
        return None if "resting" in reply else reply

    def pass_on(self, message: Reply, seconds: float) -> Reply:
        until = time.monotonic() + seconds
        try:
            told = {"version": __version__, "source": self._source(), "seconds": seconds - GIVE_UP_SECONDS}
            reply = self._gateway.exchange({**message, **told}, until)
        except StorageUnavailable as failure:
            _log.warning("reports are not available: %s", failure)
            return unavailable("the database could not be read")
        except GatewayAway as failure:
            _log.warning("the instance that serves reports did not answer: %s", failure)
            return unavailable("the instance that serves reports is away: the log says why")
        if SERVING in reply:
            _log.warning("the instance that serves reports does not answer this one: %s", reply[SERVING])
        return reply

    def is_installed(self) -> bool:
        return True

    def look_after(self) -> None:
        """Remove copies of this instance from before it asked another one: nobody erases anything in them any more.

        But none in a folder that it has in common with the serving one, as all instances on one SQLite file have.
        """
        if not self._files.has_data():
            return
        folder = self._setup.path
        with open_private(folder / SERVED, "a") as served, open_private(folder / LOCK, "a") as lock:
            if take_lock(served) and take_lock(lock):
                for list_id in self._files.lists():
                    if self._files.age(list_id, ASKED) > LEFT_SECONDS:
                        self._files.remove(list_id)
                self._files.remove_leftovers()
