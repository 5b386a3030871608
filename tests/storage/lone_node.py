"""A MariaDB that is a whole Galera cluster by itself: a node knows its state, and whom it takes for members, in a second."""

from __future__ import annotations

from pathlib import Path

from tests.processes import reserve_port
from tests.servers import MariaDB

#: It comes with Debian's mariadb-server.
LIBRARY = Path("/usr/lib/galera/libgalera_smm.so")


class LoneNode(MariaDB):
    """A node called `n1`; `reached_at` is where it says that it takes clients. Its settings are those of a good cluster."""

    def __init__(self, *options: str, reached_at: str = "") -> None:
        assert LIBRARY.exists(), "Galera is missing: apt-get install galera-4"
        self._group = reserve_port()
        listen = f"127.0.0.1:{self._group.getsockname()[1]}"
        super().__init__(
            "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--innodb-flush-log-at-trx-commit=1",
            "--wsrep-on=ON", f"--wsrep-provider={LIBRARY}", "--wsrep-cluster-address=gcomm://", "--wsrep-new-cluster",
            "--wsrep-node-name=n1", f"--wsrep-node-address={listen}", f"--wsrep-node-incoming-address={reached_at or 'AUTO'}",
            f"--wsrep-provider-options=gmcast.listen_addr=tcp://{listen};evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT2S;"
            "pc.wait_prim_timeout=PT1S",
            *options,
        )  # fmt: skip

    def close(self) -> None:
        super().close()
        self._group.close()
