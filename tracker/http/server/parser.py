"""HTTP parser: gunicorn's, with fixed settings, and as strict as the protocol where gunicorn is not."""

from __future__ import annotations

import re
from typing import Any

from gunicorn.http.errors import InvalidHeader, UnsupportedTransferCoding
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser


class FixedSettings:
    """gunicorn's settings at the start of a worker, as plain attributes.

    A `gunicorn.config.Config` computes each setting when it is read. A head reads a dozen, which takes 25 µs of processor.
    """

    is_ssl = False  # the worker refuses to start with TLS

    def __init__(self, cfg: Any) -> None:
        for name, setting in cfg.settings.items():
            setattr(self, name, setting.get())
        self.forwarded_allow_networks = cfg.forwarded_allow_networks
        self.proxy_allow_networks = cfg.proxy_allow_networks


#: Bytes of request line and fields together, about: checked whenever more of an unfinished head arrives.
MAX_HEAD_BYTES = 64 * 1024
#: RFC 9110, 4.2 and 7.2: a name or an address, and perhaps a port.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")


class InvalidHost(InvalidHeader):  # type: ignore[misc]
    """HTTP/1.1 without a `Host`, or an invalid one (RFC 9112, 3.2)."""


class _Request(Request):  # type: ignore[misc]
    @property
    def max_buffer_headers(self) -> int:
        """Bound the head; gunicorn would let it be as large as all its fields at their largest."""
        return MAX_HEAD_BYTES

    @max_buffer_headers.setter
    def max_buffer_headers(self, _: int) -> None:
        """Ignore gunicorn's own bound."""

    def _peer_is_trusted_proxy(self) -> bool:
        """Whether the peer is a trusted proxy; without trusted proxies no address has to be parsed."""
        return bool(self.cfg.forwarded_allow_ips) and super()._peer_is_trusted_proxy()

    def set_body_reader(self) -> None:
        """Check the finished head: gunicorn's checks of the length, then `Host` and transfer codings."""
        super().set_body_reader()
        host = None
        for name, value in self.headers:
            if name == "HOST":
                host = value
            elif name == "TRANSFER-ENCODING" and value.lower() != "chunked":
                # gunicorn would take it for chunked, with a body that nobody unpacks.
                raise UnsupportedTransferCoding(value)
        if (host is None and self.version >= (1, 1)) or not _HOST.fullmatch(host or ""):
            raise InvalidHost("HOST", req=self)


class Parser(RequestParser):  # type: ignore[misc]
    """Iterates over the requests of one connection. `cfg` are FixedSettings."""

    mesg_class = _Request
