"""How does a test pull a node's cables? Each node has a network namespace, with a cable to clients and one to the other nodes.

It takes root and `ip` (iproute2). Nothing of it reaches beyond this machine: no namespace has a way out, and the addresses are
those that are kept for such tests (RFC 2544).
"""

from __future__ import annotations

import os
import subprocess
from types import TracebackType
from typing import Self

NODES = (1, 2, 3)
#: Clients, and HAProxy, are at the first address of their cable.
CLIENT = 1


class Wires:
    """Three namespaces and two switches; in a `with` block, after which all of it is gone."""

    def __init__(self) -> None:
        mark = os.getpid() % 1000
        self._switches = {"c": f"tkc{mark}", "g": f"tkg{mark}"}
        self._spaces = {number: f"tk{mark}n{number}" for number in NODES}
        self._nets = {"c": f"198.18.{mark % 250}", "g": f"198.19.{mark % 250}"}
        self._cables = {(kind, number): f"tk{mark}{kind}{number}" for kind in self._nets for number in NODES}

    @property
    def client(self) -> str:
        """The address that clients come from."""
        return f"{self._nets['c']}.{CLIENT}"

    def host(self, number: int) -> str:
        """A node's address for clients."""
        return f"{self._nets['c']}.{10 + number}"

    def peer(self, number: int) -> str:
        """A node's address for the other nodes."""
        return f"{self._nets['g']}.{10 + number}"

    def inside(self, number: int) -> list[str]:
        """What a command begins with that runs in a node's namespace."""
        return ["ip", "netns", "exec", self._spaces[number]]

    def cut(self, number: int, is_on: bool = True) -> None:
        """Pull a node's cable to the other nodes, or put it back; nobody is told, and clients still reach it."""
        self._set("g", number, "down" if is_on else "up")

    def unplug(self, number: int, is_on: bool = True) -> None:
        """Pull both cables, or put them back: what is sent to the node is not refused, it is lost."""
        for kind in self._nets:
            self._set(kind, number, "down" if is_on else "up")

    def _set(self, kind: str, number: int, state: str) -> None:
        _ip("link", "set", self._cables[kind, number], state)

    def __enter__(self) -> Self:
        try:
            for kind, switch in self._switches.items():
                _ip("link", "add", switch, "type", "bridge")
                _ip("link", "set", switch, "up")
                if kind == "c":
                    _ip("addr", "add", f"{self.client}/24", "dev", switch)
            for number, space in self._spaces.items():
                _ip("netns", "add", space)
                _ip("-n", space, "link", "set", "lo", "up")
                for kind, net in self._nets.items():
                    self._lay(kind, number, f"{net}.{10 + number}/24")
        except BaseException:
            self.close()
            raise
        return self

    def _lay(self, kind: str, number: int, address: str) -> None:
        cable, space = self._cables[kind, number], self._spaces[number]
        _ip("link", "add", cable, "type", "veth", "peer", "name", kind, "netns", space)
        _ip("link", "set", cable, "master", self._switches[kind], "up")
        _ip("-n", space, "addr", "add", address, "dev", kind)
        _ip("-n", space, "link", "set", kind, "up")

    def close(self) -> None:
        """Take away what is there: cables go with their namespaces."""
        for space in self._spaces.values():
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)
        for switch in self._switches.values():
            subprocess.run(["ip", "link", "del", switch], check=False, capture_output=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr.strip()} (root and iproute2 are needed)"
