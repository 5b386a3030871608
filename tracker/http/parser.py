"""How are requests' heads read? By gunicorn's parser, without its looking up the same settings for each of them."""

from __future__ import annotations

from typing import Any

from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser


class FixedSettings:
    """gunicorn's settings as they are when a worker has started, as plain attributes.

    A `gunicorn.config.Config` computes each when it is asked; a head asks for a dozen, which takes 25 us of processor.
    """

    is_ssl = False  # the worker refuses to start otherwise

    def __init__(self, cfg: Any) -> None:
        for name, setting in cfg.settings.items():
            setattr(self, name, setting.get())
        self.forwarded_allow_networks = cfg.forwarded_allow_networks
        self.proxy_allow_networks = cfg.proxy_allow_networks


class _Request(Request):  # type: ignore[misc]
    def _peer_is_trusted_proxy(self) -> bool:
        """Where no proxy is trusted nobody's address has to be understood."""
        return bool(self.cfg.forwarded_allow_ips) and super()._peer_is_trusted_proxy()


class Parser(RequestParser):  # type: ignore[misc]
    """The requests of one connection. `cfg` are FixedSettings."""

    mesg_class = _Request
