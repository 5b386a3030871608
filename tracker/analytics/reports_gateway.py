"""Reports gateway: answers reports for other instances, which show that they have the same secret, version and database."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Any

import orjson

from tracker import __version__
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.gateway.gateway_secret import is_secret
from tracker.analytics.process.report_socket import MAX_QUESTION_BYTES, SERVING
from tracker.analytics.process.reports_setup import SERVED
from tracker.analytics.reports_client import LONG_SECONDS, ReportsClient, unavailable
from tracker.analytics.reports_connection import Reply
from tracker.errors import StorageUnavailable
from tracker.private_file import open_private

#: Messages that are passed on as they are: questions, and what is for the command line. Others, such as to end the process
#: or to look after copies, are the serving instance's own matter.
QUESTIONS, CARE = ("ask", "moves", "judge"), ("status", "rebuild", "check", "remove")
#: Characters of a version that are told.
MAX_VERSION = 40

_log = logging.getLogger("tracker.reports")


class ReportsGateway:
    """A WSGI application. A body is read, and anything of it looked at, only after the secret was right.

    `source` tells the database; it raises StorageUnavailable.
    """

    def __init__(
        self, client: ReportsClient, files: CopyFiles, secret: str, source: Callable[[], str]
    ) -> None:
        self._client, self._files, self._secret, self._source = client, files, secret, source
        self._served: IO[str] | None = None

    def serve(self) -> None:
        """Look after the copies, as long as this process serves. An instance that asks, and has the folder too, leaves them alone."""
        self._files.make_folder()
        self._served = open_private(self._files.folder / SERVED, "a")
        fcntl.flock(self._served, fcntl.LOCK_SH)
        self._client.serve()

    def close(self) -> None:
        """Look after nothing any more: the process ends."""
        self._client.close()
        if self._served is not None:
            self._served.close()

    def max_body_bytes_of(self, headers: Iterable[tuple[str, str]]) -> int:
        """Return how many bytes of a body may be read, which is none of a stranger's."""
        sent = next((value for name, value in headers if name == "AUTHORIZATION"), "")
        return MAX_QUESTION_BYTES if is_secret(sent, self._secret) else 0

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        status, reply = self._answered(environ)
        body = orjson.dumps(reply)
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def _answered(self, environ: Mapping[str, Any]) -> tuple[str, Reply]:
        if not is_secret(environ.get("HTTP_AUTHORIZATION", ""), self._secret):
            return "401 Unauthorized", {}
        if environ["REQUEST_METHOD"] != "POST":
            return "405 Method Not Allowed", {}
        announced = environ.get("CONTENT_LENGTH") or "0"
        if int(announced) > MAX_QUESTION_BYTES:
            return "413 Content Too Large", {}
        body = environ["wsgi.input"].read(MAX_QUESTION_BYTES + 1)
        if len(body) > MAX_QUESTION_BYTES:  # in chunks
            return "413 Content Too Large", {}
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            return "400 Bad Request", {}
        if not isinstance(message, dict) or not isinstance(message.get("seconds"), (int, float)):
            return "400 Bad Request", {}
        return "200 OK", self._reply(message)

    def _reply(self, message: Reply) -> Reply:
        sent = message.get("version")
        if sent != __version__:
            versions = f"it is of version {__version__}, and the one that asks of {str(sent)[:MAX_VERSION]}"
            return _refused("the instance that serves reports is of another version", versions)
        try:
            is_same = message.get("source") == self._source()
        except StorageUnavailable as failure:
            _log.warning("reports are not available: %s", failure)
            return unavailable("the database could not be read")
        if not is_same:
            return _refused(
                "the instance that serves reports has another database", "TRACKER_DATABASE_URL differs"
            )
        seconds = min(float(message["seconds"]), LONG_SECONDS)
        if "running" in message:
            return self._client.status_if_running() or {"resting": True}
        asked = next((kind for kind in (*QUESTIONS, *CARE) if kind in message), None)
        if asked is None:
            return {"malformed": "nothing that is passed on is asked"}
        passed = {name: message[name] for name in (asked, "user") if name in message}
        return (self._client.pass_on if asked in QUESTIONS else self._client.request)(passed, seconds)


def _refused(detail: str, why: str) -> Reply:
    """Return the reply to an instance that is not answered: `detail` is for whoever asks, `why` for both logs."""
    _log.warning("another instance is not answered: %s", why)
    return {**unavailable(detail), SERVING: why}
