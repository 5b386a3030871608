"""MySQL and MariaDB engine: connections, the check of the server's durability, and its SQL dialect."""

from __future__ import annotations

import shlex
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import peewee
import pymysql

from tracker.formats.database_url import DatabaseURL
from tracker.storage.engine import member_look, mysql_errors
from tracker.storage.engine.engine_protocol import ServerReading
from tracker.storage.engine.error_kinds import ErrorKind, IncompatibleDatabase
from tracker.storage.engine.migration_lock import leased_lock
from tracker.storage.engine.server_rules import Remark, durability_fault, node_name
from tracker.storage.engine.sqlite_file import ServersFile

#: Time limits in seconds: without them a frozen server hangs a worker for ever.
CONNECT_SECONDS, READ_SECONDS, WRITE_SECONDS = 3, 5, 5
#: STRICT refuses a value that it cannot store instead of changing it; the lock wait stays inside a request's deadline.
SESSION = (
    "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', "
    "innodb_lock_wait_timeout=2, time_zone='+00:00'"
)


@lru_cache(maxsize=1)
def _encrypted() -> ssl.SSLContext:
    """Return a TLS context that encrypts where the server offers it, as MySQL clients do; without a CA nothing is verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class _Connection(pymysql.connections.Connection):  # type: ignore[misc]
    """A connection that shares one TLS context: the driver makes one for each try, which takes 30 ms of processor."""

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        return _encrypted()


class _Database(peewee.MySQLDatabase):
    def _connect(self) -> _Connection:
        return _Connection(database=self.database, autocommit=True, **self.connect_params)


class MysqlEngine:
    """One server or cluster. Each connection sets its own modes; the server's durability is checked."""

    name = "mysql"
    is_remote = True
    lookup_batch = 100
    counter_slots = 16
    for_update = " FOR UPDATE"
    types = {
        "id": "BIGINT",
        "counter": "BIGINT AUTO_INCREMENT PRIMARY KEY",
        "int": "BIGINT",
        "big_bytes": "MEDIUMBLOB",
    }

    def __init__(self, url: DatabaseURL) -> None:
        self._arguments: dict[str, Any] = {
            "host": url.host,
            "port": url.port,
            "user": url.user,
            "password": url.password,
        }
        self.database_name, self.file = url.name, ServersFile()
        self.shards = 1

    def connect(self, is_writer: bool = False, is_patient: bool = False) -> Any:
        """Return a peewee database with one open connection; outside transactions peewee leaves it in autocommit mode.

        A patient connection waits for a statement as long as it takes: a migration may copy a large table.
        """
        read_seconds = None if is_patient else READ_SECONDS
        database: Any = _Database(
            self.database_name, thread_safe=False, charset="utf8mb4", init_command=SESSION,
            connect_timeout=CONNECT_SECONDS, read_timeout=read_seconds, write_timeout=WRITE_SECONDS, **self._arguments,
        )  # fmt: skip
        database.connect()
        database.execute_sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return database

    def dump_command(self, target: Path) -> str:
        """Return the shell command that copies a consistent state of the database into its owner's file; it asks for the password."""
        what = f"{shlex.quote(self.database_name)} > {shlex.quote(str(target))}"
        return f"(umask 077; mariadb-dump --single-transaction --hex-blob {self._options()} -p {what})"

    def load_command(self, source: Path) -> str:
        """Return the shell command that reads such a file back, into a database without tables."""
        what = f"{shlex.quote(self.database_name)} < {shlex.quote(str(source))}"
        return f"mariadb {self._options()} -p {what}"

    def _options(self) -> str:
        server = {name: self._arguments[name] for name in ("host", "port", "user")}
        return " ".join(f"--{name}={shlex.quote(str(value))}" for name, value in server.items() if value)

    def check(self, database: peewee.MySQLDatabase, is_weak_accepted: bool) -> None:
        """Raise IncompatibleDatabase when the server may lose what it has acknowledged."""
        names = "@@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog"
        flush, has_binlog, sync_binlog = database.execute_sql(f"SELECT {names}").fetchone()
        fault = durability_fault(int(flush), bool(has_binlog), int(sync_binlog))
        if fault is not None and not is_weak_accepted:
            raise IncompatibleDatabase(f"{fault}: {_ACCEPT}")

    def look_around(self) -> list[Remark]:
        """Return what is wrong with the server, and with other members of its cluster: for a start, as it takes seconds."""
        return member_look.look_around(
            self._values_at({}), lambda address: self._values_at(address._asdict())
        )

    def _values_at(self, address: dict[str, Any]) -> dict[str, str]:
        """Return the settings of the server at an address, by the same credentials."""
        limits = {"connect_timeout": CONNECT_SECONDS, "read_timeout": CONNECT_SECONDS}
        with closing(_Connection(**{**self._arguments, **limits, **address})) as connection:
            cursor = connection.cursor()

            def ask(sql: str) -> Sequence[Sequence[Any]]:
                cursor.execute(sql)
                return cursor.fetchall()  # type: ignore[no-any-return]

            return member_look.read_values(ask)

    def server_reading(self, database: peewee.MySQLDatabase) -> ServerReading:
        """Return which server, or node of a cluster, this connection has reached, and what its clock says."""
        named = _variables(database, "hostname", "port", "wsrep_on", "wsrep_node_name")
        [milliseconds] = database.execute_sql("SELECT UNIX_TIMESTAMP(NOW(3)) * 1000").fetchone()
        return ServerReading(node_name(named), int(milliseconds))

    def begin(self, database: peewee.MySQLDatabase) -> bool:
        database.connection().begin()
        return True

    def begin_snapshot(self, database: peewee.MySQLDatabase) -> None:
        database.execute_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        database.execute_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")

    @contextmanager
    def at_one_moment(self, database: peewee.MySQLDatabase) -> Iterator[None]:
        """Do nothing: rows that are read together are in one table here, and one statement reads them."""
        yield

    def commit(self, database: peewee.MySQLDatabase) -> None:
        database.connection().commit()

    def checkpoint(self, database: peewee.MySQLDatabase) -> None:
        """Do nothing: a server checkpoints by itself."""

    def rollback(self, database: peewee.MySQLDatabase) -> None:
        database.connection().rollback()

    def is_commit_outcome_known(self, failure: BaseException) -> bool:
        """Return whether a failed COMMIT has certainly been rolled back, because the server says so."""
        return mysql_errors.has_rolled_back(failure)

    def error_kind(self, failure: BaseException) -> ErrorKind:
        return mysql_errors.error_kind(failure)

    def is_duplicate_key(self, failure: BaseException) -> bool:
        return mysql_errors.is_duplicate_key(failure)

    def is_missing_table(self, failure: BaseException) -> bool:
        return mysql_errors.is_missing_table(failure)

    def sql(self, text: str) -> str:
        return _with_format_placeholders(text)

    def keep_existing(self, column: str) -> str:
        """Return the end of an INSERT that leaves an existing row. INSERT IGNORE would also truncate values silently."""
        return f"ON DUPLICATE KEY UPDATE {column}={column}"

    def on_existing(self, keys: Sequence[str]) -> str:
        return "ON DUPLICATE KEY UPDATE"

    def inserted(self, column: str) -> str:
        return f"VALUES({column})"

    def contains(self, column: str) -> str:
        return f"INSTR(LOWER(CONVERT({column} USING utf8mb4)) COLLATE utf8mb4_bin, ?) > 0"

    def bytes_type(self, length: int) -> str:
        return f"VARBINARY({length})"

    def table_options(self, is_clustered: bool) -> str:
        return "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"

    @contextmanager
    def migration_lock(self, database: peewee.MySQLDatabase) -> Iterator[Callable[[], None]]:
        """Admit one migration at a time, over all nodes; each statement commits itself and can be run again after a kill."""
        named = _variables(database, "hostname", "port", "server_uid", "server_uuid", "wsrep_node_name")
        [user] = database.execute_sql("SELECT CURRENT_USER()").fetchone()
        server = " ".join((*named.values(), user))[:512].encode()
        with leased_lock(self, database, server) as verify:
            yield verify

    def changed_rows(self, cursor: Any) -> int:
        return cursor.rowcount  # type: ignore[no-any-return]

    def cursor(self, database: peewee.MySQLDatabase) -> Any:
        return database.connection().cursor()


_ACCEPT = "committed events could be lost in a crash (TRACKER_ACCEPT_WEAK_DURABILITY=1 starts all the same)"


def _variables(database: peewee.MySQLDatabase, *names: str) -> dict[str, str]:
    """Return variables of the server by name, as far as it knows them."""
    listed = ", ".join(f"'{name}'" for name in names)
    rows = database.execute_sql(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({listed})").fetchall()
    return {str(name): str(value) for name, value in sorted(rows)}


@lru_cache(maxsize=1000)
def _with_format_placeholders(text: str) -> str:
    return text.replace("%", "%%").replace("?", "%s")
