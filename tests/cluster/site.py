"""How do tests put a whole site together: a cluster, HAProxy, a pair of Redis servers and two instances of Tracker?

HAProxy and Redis have the settings of `deploy/cluster` with the ports of a test, as the nodes have, and the accounts of the
database are made by the statements of the guide.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any, Self
from urllib.parse import quote

import pymysql

from tests.cluster.galera import DEPLOY, HOSTS, Cluster, Node
from tests.cluster.guide import PAGE
from tests.conventions.pages import blocks
from tests.faults.acked_events import Story
from tests.faults.checker import Decision, check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED
from tests.haproxy import HAProxy, filled
from tests.servers import Redis, Server

PROXY, REDIS = "10.0.0.10", ("10.0.0.21", "10.0.0.22")
DATABASES = tuple(f"{host}:3306" for host in HOSTS)
WEBS = ("10.0.0.21:8000", "10.0.0.22:8000")
PASSWORD = "a long password"


class PairedRedis(Redis):
    """A Redis with the settings of the guide; with a `master`, its replica."""

    def __init__(self, master: Redis | None = None) -> None:
        super().__init__()
        values = {
            f"bind {REDIS[0]}": "bind 127.0.0.1",
            "port 6379": f"port {self.port}",
            "dir /var/lib/redis": f"dir {self.folder}",
        }
        if master is not None:
            values[f"# replicaof {REDIS[0]} 6379"] = f"replicaof 127.0.0.1 {master.port}"
        (self.folder / "redis.conf").write_text(filled(DEPLOY / "redis.conf", values))

    def arguments(self) -> list[str]:
        return [*super().arguments()[:1], str(self.folder / "redis.conf")]

    def tell(self, *command: str) -> object:
        return self._send(" ".join(command))


class Heartbeat:
    """Writes to the database through HAProxy all the time, as no part of Tracker: for how long was the cluster away?"""

    def __init__(self, port: int) -> None:
        self.longest = 0.0
        self._port, self._is_over = port, False
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()

    def _beat(self) -> None:
        last = time.monotonic()
        while not self._is_over:
            with (
                suppress(pymysql.MySQLError),
                self._connection() as connection,
                connection.cursor() as cursor,
            ):
                while not self._is_over:
                    cursor.execute("REPLACE INTO heartbeats.beats VALUES (1, UUID())")
                    self.longest, last = max(self.longest, time.monotonic() - last), time.monotonic()
                    time.sleep(0.05)
            time.sleep(0.05)

    def _connection(self) -> pymysql.Connection[Any]:
        wait = {"connect_timeout": 2, "read_timeout": 2, "write_timeout": 2}
        return pymysql.connect(
            host="127.0.0.1",
            port=self._port,
            user="tracker",
            password=PASSWORD,
            autocommit=True,
            ssl_disabled=True,
            **wait,
        )


def make_accounts(cluster: Cluster) -> None:
    """Run the statements of the guide, and give its user the databases of tests."""
    first = cluster.nodes[0]
    [block] = blocks(PAGE, "sql")
    client = f"'{cluster.client}'"
    said = block.text.replace(f"'{PROXY}'", client).replace("'10.0.0.%'", client)
    more = f"GRANT ALL ON `cluster\\_%`.* TO tracker@{client}; GRANT ALL ON heartbeats.* TO tracker@{client};"
    more += "CREATE DATABASE heartbeats; CREATE TABLE heartbeats.beats (id INT PRIMARY KEY, said CHAR(36))"
    for statement in filter(str.strip, f"{said}{more}".split(";")):
        first.execute(statement)


class Site:
    """Two instances of Tracker, of two workers each, on a fresh database of a cluster; in a `with` block.

    `planted` are faults of Tracker's. `is_bound`: each instance knows a node of its own, and no HAProxy before it.
    """

    def __init__(self, cluster: Cluster, planted: Sequence[str] = (), is_bound: bool = False) -> None:
        self.cluster, self.database = cluster, cluster.new_database()
        self.proxy = HAProxy("database", "redis", "web")
        self.redis = [PairedRedis()]
        self.redis.append(PairedRedis(self.redis[0]))
        at = [f"127.0.0.1:{self.proxy.ports['database']}"] * len(WEBS)
        if is_bound:
            at = [f"{node.host}:{node.port}" for node in cluster.nodes[: len(WEBS)]]
        urls = [f"mysql://tracker:{quote(PASSWORD)}@{each}/{self.database}" for each in at]
        settings = {"TRACKER_RATELIMIT_URL": f"redis://127.0.0.1:{self.proxy.ports['redis']}/0"}
        self.trackers = [Harness(url, 2, planted, settings=settings) for url in urls]
        self.proxy.configure(self._settings())
        self._servers: list[Server] = [self.proxy, *self.redis, *self.trackers]
        self._loads: list[Load] = []
        self._stack = ExitStack()

    def _settings(self) -> str:
        here = "127.0.0.1:{}".format
        ours = {f"{PROXY}:3306": "database", f"{PROXY}:6379": "redis", f"{PROXY}:80": "web"}
        nodes = zip(DATABASES, self.cluster.nodes, strict=True)
        pair = zip((f"{host}:6379" for host in REDIS), self.redis, strict=True)
        text = filled(
            DEPLOY / "haproxy.cfg",
            {word: here(self.proxy.ports[name]) for word, name in ours.items()}
            | {word: here(server.port) for word, server in [*pair, *zip(WEBS, self.trackers, strict=True)]}
            | {word: f"{node.host}:{node.port}" for word, node in nodes}
            | {"/run/haproxy/admin.sock": str(self.proxy.admin)},
        )
        assert "10.0.0" not in text.replace(PROXY, "", 1), "an address is left"
        return text

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for server in self._servers:
                stack.callback(server.close)
            for redis in self.redis:
                redis.start()
            self.proxy.start()
            self.proxy.until_up("database")
            self.trackers[0].set_up()
            self.trackers[1].set_up_like(self.trackers[0])
            for tracker in self.trackers:
                tracker.launch()
            self.proxy.until_up("web")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def url_of_root(self, database: str) -> str:
        """A database through HAProxy, for one who may do everything."""
        return f"mysql://root:@127.0.0.1:{self.proxy.ports['database']}/{database}"

    def writer(self) -> Node:
        """The node that HAProxy leads to."""
        sessions = self.proxy.sessions("database")
        return max(self.cluster.nodes, key=lambda node: sessions[node.name])

    def reached(self) -> str:
        """The node that a new connection is led to."""
        connection = pymysql.connect(host="127.0.0.1", port=self.proxy.ports["database"], user="root")
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@wsrep_node_name")
            return str(cursor.fetchone()[0])

    def load(self, is_past_proxy: bool = False, instances: int | None = None) -> Load:
        """A ledger client, which knows HAProxy alone, or so many instances alone."""
        ours = [tracker.port for tracker in self.trackers[:instances]]
        ports = ours if is_past_proxy else [self.proxy.ports["web"]]
        seed = SEED + len(self._loads)
        load = Load(self.trackers[0], seed, ports=ports, seconds=900.0, drain_seconds=40.0)
        self._loads.append(load)
        return load

    def decide(self) -> list[Decision]:
        """Stop the instances, and compare what each node holds with all ledgers; the nodes have to hold the same."""
        for tracker in self.trackers:
            if tracker.program is not None:
                assert tracker.stop() == 0, tracker.logs()
        self.cluster.until_whole()
        sums = self.cluster.checksums(self.database)
        assert all(each == sums[0] for each in sums), "the nodes hold different rows"
        return [self.compare(node, self.database) for node in self.cluster.nodes]

    def compare(self, node: Node, database: str) -> Decision:
        """Compare what a node holds in a database with all ledgers."""
        return check(node.url(database), Story.read(*((load.ledger, None) for load in self._loads)))
