"""A process that works at Tracker's jobs until it is killed: `python -m tests.jobs.working URL`."""

from __future__ import annotations

import sys

import gevent

from tracker.app import build_services
from tracker.config import Settings
from tracker.storage.schema.own_database import own_database

if __name__ == "__main__":
    url = sys.argv[1]
    build_services(Settings.from_environ({"TRACKER_DATABASE_URL": url}), own_database(url)).jobs.serve()
    gevent.sleep(600)
