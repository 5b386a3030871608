"""A process that works at Tracker's jobs until it is killed: `python -m tests.jobs.working URL`."""

from __future__ import annotations

import sys

import gevent

from tracker.app import build_services
from tracker.config import Settings
from tracker.storage.database import Database

if __name__ == "__main__":
    url = sys.argv[1]
    build_services(Settings.from_environ({"TRACKER_DATABASE_URL": url}), Database(url)).jobs.serve()
    gevent.sleep(600)
