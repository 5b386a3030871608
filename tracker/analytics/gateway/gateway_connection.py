"""Gateway connection: one message to the instance that answers reports, over HTTP, and its reply."""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import gevent
import orjson
from gevent import socket, ssl

from tracker.analytics.gateway.gateway_secret import authorization
from tracker.analytics.gateway.gateway_url import GatewayURL
from tracker.analytics.process.report_socket import CHUNK, MAX_ANSWER_BYTES
from tracker.outgoing import system_context

#: Seconds that connecting may take, TLS included.
CONNECT_SECONDS = 5.0
#: Statuses of refusals, and what is to be done about them.
_REFUSALS = {401: "it has another secret", 413: "the question is too large for it"}


class GatewayAway(Exception):
    """The other instance did not answer. The text is for the log: it may name the host."""


@dataclass(frozen=True, slots=True)
class GatewayConnection:
    """The way to the other instance. Each message goes over a new connection; many may be under way at once."""

    url: GatewayURL
    secret: str = field(repr=False)
    #: What makes connections secure, where the URL asks for it.
    context: ssl.SSLContext | None = None

    def exchange(self, message: dict[str, Any], until: float) -> dict[str, Any]:
        """Send a message, and return the reply that comes until then, a `time.monotonic()` second. Raises GatewayAway."""
        late = gevent.Timeout(max(0.05, until - time.monotonic()))
        try:
            with late:
                return self._exchange(orjson.dumps(message))
        except gevent.Timeout as passed:
            if passed is not late:
                raise
            raise GatewayAway("no answer in time") from None
        except ssl.SSLCertVerificationError as failure:
            raise GatewayAway(f"its certificate is not good: {failure.verify_message}") from failure
        except (OSError, http.client.HTTPException, orjson.JSONDecodeError) as failure:
            raise GatewayAway(f"{type(failure).__name__}: {failure}") from failure

    def _exchange(self, body: bytes) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.url.host)
        with closing(self._connected()) as connection.sock:
            connection.putrequest("POST", self.url.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers(body):
                connection.putheader(name, value)
            connection.endheaders(body)
            with connection.getresponse() as response:
                read = _read(response)
                if response.status != 200:
                    told = _REFUSALS.get(response.status, "it is no instance that answers reports")
                    raise GatewayAway(f"status {response.status}: {told}")
        reply = orjson.loads(read)
        if not isinstance(reply, dict):
            raise GatewayAway("it answered what is no reply")
        return reply

    def _headers(self, body: bytes) -> list[tuple[str, str]]:
        return [
            ("Host", self.url.authority),
            ("Authorization", authorization(self.secret)),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]

    def _connected(self) -> socket.socket:
        """Return a connection. Raises OSError."""
        if self.url.socket:
            made = socket.socket(socket.AF_UNIX)
            try:
                made.settimeout(CONNECT_SECONDS)
                made.connect(self.url.socket)
            except BaseException:
                made.close()
                raise
        else:
            made = socket.create_connection((self.url.host, self.url.port), CONNECT_SECONDS)
            made.setsockopt(
                socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
            )  # else a body may wait 40 ms for the head
        if self.context is not None:
            try:
                made = self.context.wrap_socket(made, server_hostname=self.url.host)
            except BaseException:
                made.close()
                raise
        made.settimeout(None)
        return made


def tls_context(url: GatewayURL, ca_file: str) -> ssl.SSLContext | None:
    """Return what checks the certificate of a host, by a file of authorities or by the system's; None where no TLS is spoken.

    Raises ValueError.
    """
    if not url.has_tls:
        return None
    try:
        return system_context(ca_file)
    except OSError as failure:
        raise ValueError(f"names {ca_file}, in which there are no certificates: {failure.strerror}") from None


def _read(response: http.client.HTTPResponse) -> bytes:
    """Return the body of an answer. Raises OSError if it is longer than any reply."""
    read = bytearray()
    while part := response.read(CHUNK):
        read += part
        if len(read) > MAX_ANSWER_BYTES:
            raise OSError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(read)
