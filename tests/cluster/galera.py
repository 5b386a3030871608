"""How do tests start a Galera cluster of three nodes, from the settings in `deploy/cluster`, and harm its nodes?

The file of settings is the one that the guide gives, with the addresses, ports and sizes of a test. All nodes listen on
127.0.0.1, or each in a namespace with cables that can be pulled; their data lies with other temporary files in memory.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pymysql

from tests.cluster.wires import Wires
from tests.haproxy import filled
from tests.processes import Program, find_program, reserve_port, until
from tests.served import ROOT
from tests.servers import MariaDB
from tests.storage.lone_node import LIBRARY

DEPLOY = ROOT / "deploy/cluster"
#: In the file by node: the others' differ in their last digit only.
HOSTS = ("10.0.0.11", "10.0.0.12", "10.0.0.13")
#: Sizes of a machine of its own, and of a test.
SIZES = {"innodb_buffer_pool_size = 8G": "innodb_buffer_pool_size = 128M", "innodb_log_file_size = 1G": "innodb_log_file_size = 64M", "gcache.size=8G": "gcache.size=64M"}  # fmt: skip
SECONDS_OF_A_RETURN = 120.0


class Node(MariaDB):
    """One of three servers; it keeps its ports and its data over kills. `sizes` take the place of the guide's."""

    def __init__(self, number: int, sizes: Mapping[str, str] = SIZES, wires: Wires | None = None) -> None:
        self._wires = wires
        self.host = wires.host(number) if wires else "127.0.0.1"
        self.peer = wires.peer(number) if wires else "127.0.0.1"
        self.number, self.name, self.sizes = number, f"n{number}", sizes
        self._held = {name: reserve_port() for name in ("group", "missed", "copy")}
        self.ports = {name: holder.getsockname()[1] for name, holder in self._held.items()}
        self._how: list[str] = []
        super().__init__()
        self.folder.chmod(0o755)

    def install(self) -> None:
        """Make the files of the first one; the others begin with copies of them."""
        if self.number == 1:
            super().install()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def defaults(self) -> Path:
        """The file that a server starts with: on Debian it has the paths, and includes the others."""
        return self.folder / "my.cnf"

    def configure(self, nodes: list[Node]) -> None:
        """Write the node's settings: those of the guide, as a node with this number has them."""
        group = ",".join(f"{host}:4567" for host in HOSTS)
        mine = {
            f"{HOSTS[0]}:3306": f"{self.host}:{self.port}",
            f"{HOSTS[0]}:4444": f"{self.peer}:{self.ports['copy']}",
            f"{HOSTS[0]}:4567": f"{self.peer}:{self.ports['group']}",
            f"{HOSTS[0]}:4568": f"{self.peer}:{self.ports['missed']}",
            f"bind-address = {HOSTS[0]}": f"bind-address = {self.host}",
            "port = 3306": f"port = {self.port}",
            "wsrep_node_name = n1": f"wsrep_node_name = {self.name}",
        }
        peers = ",".join(f"{node.peer}:{node.ports['group']}" for node in nodes)
        settings = self.folder / "galera.cnf"
        settings.write_text(filled(DEPLOY / "galera.cnf", {group: peers, **mine, **self.sizes}))
        paths = f"[mysqld]\ndatadir={self.data}\nsocket={self.folder / 's'}\n"
        self.defaults.write_text(f"{paths}!include {settings}\n")

    def arguments(self) -> list[str]:
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        return [
            *(self._wires.inside(self.number) if self._wires else []),
            find_program("mariadbd", "mariadb-server"),
            f"--defaults-file={self.defaults}",
            *user,
            *self._how,
        ]

    def let_in(self, host: str) -> None:
        """Have root of another address be root of this one, before it runs."""
        told = f"INSERT INTO mysql.global_priv SELECT '{host}', User, Priv FROM mysql.global_priv WHERE User = 'root' AND Host = 'localhost';"
        command = [
            find_program("mariadbd", "mariadb-server"),
            "--no-defaults",
            "--bootstrap",
            f"--datadir={self.data}",
        ]
        subprocess.run([*command, *self._user], input=told.encode(), check=True, capture_output=True)

    def launch(self) -> Program:
        """Start it as Debian's service does, which asks files that a server has left in a crash for their position."""
        if not self._how and (self.data / "grastate.dat").exists():
            self._how = self.recovered().split()
        program, self._how = super().launch(), []
        return program

    def bootstrap(self) -> None:
        """Start it as the first of a new cluster, as `galera_new_cluster` does. Raises AssertionError where Galera refuses."""
        self._how = ["--wsrep-new-cluster"]
        self.start()

    def recovered(self) -> str:
        """The option with the position that Debian's `galera_recovery` finds in a server's files."""
        command = [find_program("galera_recovery", "mariadb-server"), f"--defaults-file={self.defaults}"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | {"TMPDIR": "/tmp"}
        )
        return done.stdout.strip()

    def position(self) -> int:
        """The number of the last transaction in the files of a server that does not run."""
        return int(self.recovered().rpartition(":")[2].partition(",")[0])

    def is_ready(self) -> bool:
        try:
            said = self.status()
        except pymysql.MySQLError:
            return False
        return (
            said.get("wsrep_local_state_comment") == "Synced"
            and said.get("wsrep_cluster_status") == "Primary"
        )

    def status(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.execute("SHOW GLOBAL STATUS LIKE 'wsrep%'")}

    def isolate(self, is_on: bool) -> None:
        """Cut it off from the other nodes, or no longer; clients still reach it, and nobody is told."""
        self.execute(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={int(is_on)}'")

    def wipe(self) -> None:
        """Take away its data: a machine that was replaced."""
        shutil.rmtree(self.data)
        self.data.mkdir()
        own(self.data)

    def close(self) -> None:
        super().close()
        for holder in self._held.values():
            holder.close()


def own(folder: Path) -> None:
    """Give a folder to the user that servers run as; as root rsync would write files that nobody may read."""
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", "mysql:mysql", str(folder)], check=True)


class Cluster:
    """Three nodes, which begin with the same files; in a `with` block."""

    def __init__(self, sizes: Mapping[str, str] = SIZES, wires: Wires | None = None) -> None:
        assert LIBRARY.exists(), "Galera is missing: apt-get install galera-4"
        self._stack, self._sizes, self._wires = ExitStack(), sizes, wires
        #: The address that clients come from.
        self.client = wires.client if wires else "127.0.0.1"
        self.nodes: list[Node] = []
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        for number in range(1, len(HOSTS) + 1):
            node = Node(number, self._sizes, self._wires)
            self._stack.callback(node.close)
            self.nodes.append(node)
        first = self.nodes[0]
        for node in self.nodes:
            node.configure(self.nodes)
        if self._wires:
            first.let_in(self.client)
        own(first.folder)
        first.bootstrap()
        first.stop()
        for node in self.nodes[1:]:
            shutil.copytree(first.data, node.data)
            own(node.folder)
        first.bootstrap()
        for node in self.nodes[1:]:
            node.launch()
        self.until_whole()

    def until_whole(self, is_still: bool = True) -> None:
        """Until each node is synced and counts three, and all know one view; where nobody writes also until all are at one position.

        A node that was away says that it is synced until it learns that it was put out: its view is an older one.
        """
        same = ("wsrep_cluster_conf_id", *(["wsrep_last_committed"] if is_still else []))

        def is_whole() -> bool:
            with suppress(pymysql.MySQLError):
                said = [node.status() for node in self.nodes]
                return (
                    {status["wsrep_cluster_size"] for status in said} == {str(len(HOSTS))}
                    and {status["wsrep_local_state_comment"] for status in said} == {"Synced"}
                    and all(len({status[name] for status in said}) == 1 for name in same)
                )
            return False

        until(is_whole, SECONDS_OF_A_RETURN, "three nodes that are one cluster")

    def new_database(self) -> str:
        """The name of a fresh, empty database."""
        name = f"cluster_{next(self._numbers)}"
        self.nodes[0].execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name

    def checksums(self, database: str) -> list[dict[str, Any]]:
        """What each node holds of a database: a sum of each table."""
        tables = [name for (name,) in self.nodes[0].execute(f"SHOW TABLES FROM {database}")]
        names = ", ".join(f"{database}.{table}" for table in tables)
        return [dict(node.execute(f"CHECKSUM TABLE {names}")) for node in self.nodes]
