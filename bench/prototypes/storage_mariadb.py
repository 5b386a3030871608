"""What does one group of 32 events cost on MariaDB, in statements and round trips? (Q5)"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pymysql
import pymysql.cursors
import storage_rows as data

ROUNDS, GROUPS, FILL = 5, 40, 100_000
TABLE = """CREATE TABLE events(list_id BIGINT NOT NULL, id BIGINT NOT NULL, visitor_id BIGINT NOT NULL, segment INT NOT NULL,
subscriber_id BIGINT, name VARBINARY(200) NOT NULL, event_at BIGINT NOT NULL, received_at BIGINT NOT NULL, external_id VARBINARY(255),
flags INT NOT NULL, properties MEDIUMBLOB NOT NULL, PRIMARY KEY(list_id, id), KEY events_visitor(list_id, visitor_id, event_at, id)) ENGINE=InnoDB"""
INSERT = "INSERT INTO events VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
Connection = pymysql.connections.Connection
Write = Callable[[Connection, list[data.Row]], None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(folder: Path, port: int) -> subprocess.Popen[bytes]:
    user = ["--user=root"] if os.getuid() == 0 else []
    common = ["--no-defaults", f"--datadir={folder}", *user]
    subprocess.run(
        ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    log = (folder / "log").open("wb")
    return subprocess.Popen(
        [
            "mariadbd",
            *common,
            f"--socket={folder}/s",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=1",
        ],
        stdout=log,
        stderr=log,
    )


def connect(port: int, **options: object) -> Connection:
    deadline = time.monotonic() + 20
    while True:
        try:
            return pymysql.connect(
                host="127.0.0.1", port=port, user="root", charset="utf8mb4", binary_prefix=True, **options
            )
        except pymysql.err.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def one_multi_row(db: Connection, group: list[data.Row]) -> None:
    """executemany, which pymysql rewrites into one INSERT of many rows."""
    with db.cursor() as cursor:
        cursor.executemany(INSERT, group)


def statement_per_row(db: Connection, group: list[data.Row]) -> None:
    with db.cursor() as cursor:
        for row in group:
            cursor.execute(INSERT, row)


def around(begin: str, write: Write) -> Write:
    def whole(db: Connection, group: list[data.Row]) -> None:
        if begin:
            db.query(begin)
        write(db, group)
        db.commit()

    return whole


def piggybacked(db: Connection, group: list[data.Row]) -> None:
    """BEGIN; INSERT …; COMMIT in one packet: one round trip. A failed INSERT would leave the COMMIT unsent, the transaction open."""
    with db.cursor() as cursor:
        values = ",".join(cursor.mogrify("(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", row) for row in group)
        cursor.execute(f"BEGIN; INSERT INTO events VALUES {values}; COMMIT")
        while cursor.nextset():
            pass


def autocommit_statement(db: Connection, group: list[data.Row]) -> None:
    """One INSERT is one transaction: no BEGIN, no COMMIT."""
    db.autocommit(True)
    one_multi_row(db, group)
    db.autocommit(False)


def only_format(db: Connection, group: list[data.Row]) -> None:
    with db.cursor() as cursor:
        ",".join(cursor.mogrify("(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)", row) for row in group)


VARIANTS: dict[str, Write] = {
    "autocommit off, INSERT of 32, COMMIT": around("", one_multi_row),
    "BEGIN, INSERT of 32, COMMIT": around("BEGIN", one_multi_row),
    "START TRANSACTION, INSERT of 32, COMMIT": around("START TRANSACTION", one_multi_row),
    "BEGIN; INSERT; COMMIT in one packet": piggybacked,
    "SET autocommit=1, INSERT, SET autocommit=0": autocommit_statement,
    "BEGIN, 32 INSERTs, COMMIT": around("BEGIN", statement_per_row),
    "32 rows without COMMIT (rolled back)": one_multi_row,
    "only formatting the 32 rows in Python": only_format,
    "a SELECT 1 (round trip)": lambda db, group: db.query("SELECT 1"),
    "commit of one row": lambda db, group: around("BEGIN", one_multi_row)(db, group[:1]),
}


def measure(db: Connection, write: Write, source: Iterator[data.Row]) -> tuple[float, float]:
    """Milliseconds a group, and of these the milliseconds of our own CPU."""
    groups = [[next(source) for _ in range(data.GROUP)] for _ in range(GROUPS)]
    cpu, start = time.process_time(), time.perf_counter()
    for group in groups:
        write(db, group)
    took, cpu = time.perf_counter() - start, time.process_time() - cpu
    db.rollback()
    return took / GROUPS * 1e3, cpu / GROUPS * 1e3


def fill(db: Connection, source: Iterator[data.Row]) -> None:
    for _ in range(0, FILL, 2000):
        one_multi_row(db, [next(source) for _ in range(2000)])
    db.commit()


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        port = free_port()
        server = start_server(Path(name), port)
        try:
            db = connect(port, client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
            db.query("CREATE DATABASE t")
            db.select_db("t")
            db.query("SET sql_mode='STRICT_ALL_TABLES'")
            db.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            db.query(TABLE)
            source = data.rows()
            fill(db, source)
            results: dict[str, list[tuple[float, float]]] = {variant: [] for variant in VARIANTS}
            for _ in range(ROUNDS):
                for variant, write in VARIANTS.items():
                    results[variant].append(measure(db, write, source))
            for variant, values in results.items():
                took, cpu = (median(column) for column in zip(*values, strict=True))
                print(
                    f"{variant:44} {took:6.2f} ms, our CPU {cpu:5.2f} ms  [{min(v[0] for v in values):.2f}..{max(v[0] for v in values):.2f}]"
                )
            db.close()
        finally:
            server.terminate()
            server.wait()


main()
