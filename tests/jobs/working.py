"""A process that works at Tracker's jobs until it is killed: `python -m tests.jobs.working URL`."""

from __future__ import annotations

import sys

import gevent

from tests.shards import watch
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.registry import Registry

if __name__ == "__main__":
    settings = Settings.from_environ({"TRACKER_DATABASE_URL": sys.argv[1], **watch.SETTINGS})
    build_services(settings, open_database(settings, Registry())).jobs.serve()
    gevent.sleep(600)
