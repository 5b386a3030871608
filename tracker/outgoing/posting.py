"""Posting: one POST to a checked target, with bounds on its time and on what is read of the answer; no redirect is followed."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import gevent
from gevent import socket, ssl

from tracker.outgoing.targets import AllowedTargets, CheckedURL, TargetRefused, target_of

#: Seconds that a request may take from the look-up of the name to the last byte that is kept, and bytes of an answer that
#: are read at all. Seconds of them that the body of an answer may take: its status has come by then, and is what counts.
POST_SECONDS, ANSWER_BYTES, BODY_SECONDS = 10.0, 64 * 1024, 2.0


@dataclass(frozen=True, slots=True)
class PostResult:
    """The outcome of one POST. `status` is None where no answer came, and `error` then says why, in words for users."""

    status: int | None
    answer: bytes
    error: str | None
    milliseconds: int


class Poster:
    """Sends POSTs. Many may be under way at once, each waits by itself.

    `context` has the certificates that are trusted; without one, those of the system.
    """

    def __init__(self, allowed: AllowedTargets, context: ssl.SSLContext | None = None) -> None:
        self.allowed = allowed
        self._context = context

    def post(
        self, url: str, headers: Mapping[str, str], body: bytes, seconds: float = POST_SECONDS
    ) -> PostResult:
        """Send the body as JSON. Nothing is raised: a failure is a result."""
        began = time.monotonic()
        status, answer, error = None, b"", None
        timeout = gevent.Timeout(seconds)
        try:
            with timeout:
                status, answer = self._exchange(target_of(url), headers, body, seconds)
        except gevent.Timeout as late:
            if late is not timeout:
                raise
            error = _words_for(TimeoutError(), seconds)
        except (TargetRefused, OSError, http.client.HTTPException) as failure:
            error = _words_for(failure, seconds)
        return PostResult(status, answer, error, round((time.monotonic() - began) * 1000))

    def _exchange(
        self, target: CheckedURL, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(target.host, target.port)
        with _connected(self.allowed.addresses(target), target.port, seconds) as plain:
            secured = self._secured(plain, target) if target.is_secure else plain
            connection.sock = secured
            try:
                connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
                for name, value in {**_headers_of(target, body), **headers}.items():
                    connection.putheader(name, value)
                connection.endheaders(body)
                with connection.getresponse() as response:
                    return response.status, _kept(response)
            finally:
                secured.close()

    def _secured(self, plain: socket.socket, target: CheckedURL) -> ssl.SSLSocket:
        if self._context is None:
            self._context = system_context()
        return self._context.wrap_socket(plain, server_hostname=target.host)


def system_context(ca_file: str = "") -> ssl.SSLContext:
    """Return what trusts the certificates that the system trusts, and checks them for the name; of gevent, so that it waits cooperatively.

    With a file of authorities those are trusted instead. Raises OSError if it has none.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(ca_file)
    else:
        context.load_default_certs()
    return context


def _headers_of(target: CheckedURL, body: bytes) -> dict[str, str]:
    return {
        "Host": target.authority,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "Tracker-Webhooks/1",
        "Connection": "close",
    }


def _connected(addresses: list[str], port: int, seconds: float) -> socket.socket:
    """Connect to the first address that answers. Raises OSError.

    These are no names: gevent's `create_connection` would have a thread look each of them up.
    """
    failure: OSError | None = None
    share = seconds / len(addresses)
    for address in addresses:
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            connection.settimeout(share)
            # The head and the body are sent apart: the second need not wait until the first is acknowledged.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect((address, port))
            connection.settimeout(seconds)
            return connection
        except OSError as failed:
            connection.close()
            failure = failed
    raise failure or OSError("no address")


def _kept(response: http.client.HTTPResponse) -> bytes:
    """Return the beginning of an answer's body. One that breaks off, or goes on and on, was answered all the same."""
    kept = bytearray()
    with gevent.Timeout(BODY_SECONDS, False), suppress(OSError, http.client.HTTPException):
        while len(kept) < ANSWER_BYTES and (part := response.read1(ANSWER_BYTES - len(kept))):
            kept += part
    return bytes(kept)


def _words_for(failure: Exception, seconds: float) -> str:
    """Return why no answer came, in words for users: nothing of this machine."""
    if isinstance(failure, TargetRefused):
        return f"the URL may not be called: {failure}"
    if isinstance(failure, TimeoutError):
        return f"no answer within {seconds:g} seconds"
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"the certificate is not good for this host: {failure.verify_message}"
    if isinstance(failure, ssl.SSLError):
        return "no TLS connection could be made"
    if isinstance(failure, socket.gaierror):
        return "the host has no address"
    return f"no answer: {getattr(failure, 'strerror', None) or type(failure).__name__}"
