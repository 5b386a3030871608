"""gunicorn settings: processes, sockets, bounds and signals of a served Tracker, with values from the environment.

gunicorn runs this file by its path (`gunicorn -c …/gunicorn_conf.py`, as `tracker serve` does) before anything is imported.
"""

import gc
import sys
from pathlib import Path
from typing import Any

# gunicorn has put the working directory first on the path. It belongs last: a folder called tracker in it, such as a
# checkout, is not the package. The package is the one that this file is in.
_packages, _working = str(Path(__file__).resolve().parents[1]), str(Path.cwd())
sys.path[:] = [*(path for path in sys.path if path != _working), _packages, _working]

from tracker.config import ConfigError, Settings  # noqa: E402  it is found by the path above
from tracker.garbage import collect_rarely  # noqa: E402
from tracker.http.server.draining import Drain  # noqa: E402
from tracker.http.server.listener import raise_descriptor_limit  # noqa: E402
from tracker.metrics import MetricsFile  # noqa: E402
from tracker.storage.engine.sqlite_file import identity_of  # noqa: E402

try:
    _settings = Settings.from_environ()
except ConfigError as failure:
    sys.exit(str(failure))

wsgi_app = "tracker.wsgi:app"
#: What `tracker reports serve` has gunicorn serve instead, by these settings, with a socket and a number of workers of its own.
_GATEWAY = "tracker.gateway_wsgi:app"
bind = _settings.address
workers = _settings.workers
worker_class = "tracker.http.server.worker.TrackerWorker"
# Idle and half-sent connections cost next to nothing but their place: many places make it a long way to take them all.
# Where this process may not have so many open files there are fewer.
raise_descriptor_limit()
worker_connections = 4000
# Nothing that belongs to a database may exist before the fork.
preload_app = False
# No second way into the server, and no header of a client's is believed to come from a proxy.
control_socket_disable = True
forwarded_allow_ips = ""

# Longer than the proxies in front keep a connection, so that it is never we who close it under a request.
keepalive = 75
# A worker that has not come round its loop for this long is replaced; a request must be here whole so long after its
# first byte.
timeout = 30
# After SIGTERM: 10 s for the rest of a request and 5 s for its answer, and some air.
graceful_timeout = 20

# A request line holds what a GET may carry; together these bound what one connection may make us keep.
limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190
# The parser that the tests know; `auto` takes another one when it happens to be installed.
http_parser = "python"

# Our own line per request is on stdout; what gunicorn has to say goes to stderr, as JSON too.
accesslog = None
errorlog = "-"
logger_class = "tracker.http.server.log.ServerLog"


def pre_fork(server: Any, worker: Any) -> None:
    """Let the worker find a SIGTERM that comes before it has handlers of its own, and the file that the others have."""
    worker.queued_signals = server.SIG_QUEUE
    worker.database_file = server.database_file
    worker.drain = server.drain
    worker.metrics, worker.metrics_slot = server.metrics, None
    if server.metrics is not None:
        slots = (each.metrics_slot for each in server.WORKERS.values())
        worker.metrics_slot = server.metrics.free_slot({slot.number for slot in slots if slot is not None})


def on_starting(server: Any) -> None:
    """Know the database file that all workers have to open. A stop may be announced."""
    server.database_file = identity_of(_settings.database_url)
    server.drain = Drain(_settings.drain_seconds)
    server.drain.precede_stop(server)


def when_ready(server: Any) -> None:
    """Rate limits and metrics begin anew with an instance that has its port: one that fails to start leaves another's alone.

    The first worker that counts calls makes the file of limits. What serves reports has neither.
    """
    server.metrics = None
    if server.app.app_uri == _GATEWAY:
        return
    _settings.limits_file.unlink(missing_ok=True)
    server.metrics = MetricsFile.make(_settings.metrics_file, _settings.workers)


def nworkers_changed(server: Any, new: int, _old: int | None) -> None:
    """Know how many workers there should be: SIGTTIN and SIGTTOU change it."""
    if getattr(server, "metrics", None) is not None:
        server.metrics.ask_for(new)


def child_exit(_server: Any, worker: Any) -> None:
    """A worker is gone, whichever way: its gauges are of nobody, its counters its successor's."""
    if worker.metrics_slot is not None:
        worker.metrics_slot.leave()


def on_exit(server: Any) -> None:
    if server.metrics is not None:
        server.metrics.remove()


def post_fork(_server: Any, _worker: Any) -> None:
    """Look for no garbage while the application is loaded: of what is made then nearly all stays, and it was an eighth of the time."""
    gc.disable()


def post_worker_init(worker: Any) -> None:
    """Go on with jobs that are longer than a call, and with counting, such as what a killed process left; know what would hold up a stop.

    What has been loaded stays.
    """
    gc.collect()
    gc.freeze()
    collect_rarely()
    gc.enable()
    extensions = getattr(worker.wsgi, "extensions", {})
    services = extensions.get("tracker")
    if services is not None:
        extensions["tracker.readiness"].is_draining = worker.drain.has_begun
        services.storage.engine.file.expect(worker.database_file)
        services.metrics.serve(worker.metrics, worker.metrics_slot)
        worker.beat = services.metrics.beat
        services.jobs.serve()
        services.ingest.serve(_settings.instance, _settings.ratelimit_url is None)
        services.analytics.serve()
        services.triggers.serve()
        services.mails.serve()
        services.alerts.serve()
        services.backups.serve()
        worker.end_lasting_answers = services.following.close


def worker_exit(_server: Any, worker: Any) -> None:
    """All requests are answered: write what is written late, and close the database."""
    services = getattr(worker.wsgi, "extensions", {}).get("tracker")
    if services is not None:
        services.close()
    elif worker.app.app_uri == _GATEWAY:
        worker.wsgi.close()
