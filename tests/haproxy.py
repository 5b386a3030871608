"""How do tests put an HAProxy in front of servers, ask it what it sees, and give it orders?"""

from __future__ import annotations

import csv
import os
import re
import socket
from pathlib import Path

from tests.processes import find_program, reserve_port, until
from tests.servers import Server

#: Who it becomes after its start, and that it leaves its terminal: only root can, and only a service does.
OF_A_SERVICE = re.compile(r"^ *(?:user|group|chroot|daemon|log) .*\n", re.MULTILINE)


class HAProxy(Server):
    """HAProxy with a free port for each of its names; `configure` it before it starts."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._holders = {name: reserve_port() for name in names}
        self.ports: dict[str, int] = {name: holder.getsockname()[1] for name, holder in self._holders.items()}
        #: Where its `stats socket` has to be.
        self.admin = self.folder / "admin"

    def configure(self, text: str) -> None:
        """Give it a configuration file. What only a service does is left out where this is no root."""
        text = text if os.geteuid() == 0 else OF_A_SERVICE.sub("", text)
        (self.folder / "haproxy.cfg").write_text(text)

    def arguments(self) -> list[str]:
        return [find_program("haproxy", "haproxy"), "-db", "-f", str(self.folder / "haproxy.cfg")]

    def is_ready(self) -> bool:
        return self.admin.exists() and bool(self.tell("show info"))

    def tell(self, command: str) -> str:
        """Give an order at its socket, and return what it says."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.admin))
                client.sendall(f"{command}\n".encode())
                return client.makefile().read()
            except OSError:
                return ""

    def servers(self, proxy: str) -> dict[str, str]:
        """The servers of a proxy with their states, such as "UP" or "DOWN 1/2"."""
        rows = csv.DictReader(self.tell("show stat").removeprefix("# ").splitlines())
        return {
            row["svname"]: row["status"]
            for row in rows
            if row["pxname"] == proxy and row["svname"] not in ("FRONTEND", "BACKEND")
        }

    def sessions(self, proxy: str) -> dict[str, int]:
        """How many connections each server of a proxy has."""
        rows = csv.DictReader(self.tell("show stat").removeprefix("# ").splitlines())
        return {row["svname"]: int(row["scur"]) for row in rows if row["pxname"] == proxy}

    def until_up(self, proxy: str, *servers: str, seconds: float = 60) -> None:
        """Until these servers, or all of a proxy, are up."""

        def are_up() -> bool:
            states = self.servers(proxy)
            return bool(states) and all(states[name] == "UP" for name in servers or states)

        until(are_up, seconds, f"{proxy} to be up")

    def close(self) -> None:
        super().close()
        for holder in self._holders.values():
            holder.close()


def filled(path: Path, values: dict[str, str]) -> str:
    """Return a file of `deploy` with some of its words replaced, each of which stands in it."""
    text = path.read_text()
    for word in sorted(values, key=len, reverse=True):
        assert word in text, f"{path.name} does not name {word}"
    longest_first = "|".join(re.escape(word) for word in sorted(values, key=len, reverse=True))
    return re.sub(longest_first, lambda found: values[found[0]], text)
