"""ClickHouse client: statements over the server's HTTP interface, one after the other, with their rows as Python's values."""

from __future__ import annotations

import http.client
import re
import secrets
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import partial
from math import ceil
from typing import Any
from urllib.parse import urlencode

import duckdb
import orjson

from tracker.analytics.clickhouse.clickhouse_deadline import TimedResponse, left
from tracker.analytics.clickhouse.clickhouse_errors import (
    ClickHouseAway,
    ClickHouseForeign,
    ClickHouseInterrupted,
    error_of,
    printable,
)
from tracker.analytics.clickhouse.clickhouse_sql import escaped, quoted, spelled
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL

#: Seconds that connecting may take, a statement of a question, one that loads or deletes, and one that ends another: from its first byte
#: sent to the last one read, and less where a message has less time left (`clickhouse_deadline`).
CONNECT_SECONDS, QUESTION_SECONDS, LOAD_SECONDS, KILL_SECONDS = 5.0, 120, 600, 5
#: Bytes of a parameter beyond which it stands in the statement: a server takes fields of 128 KiB.
MAX_FIELD_BYTES = 60_000
#: Statuses of a balancer whose servers are away.
_AWAY = frozenset({502, 503, 504})
#: What the names of some headers of every answer of a ClickHouse begin with.
_OURS = "x-clickhouse-"
#: Semantics in which statements mean what they do in DuckDB: no value is null, also after a join and of an aggregate of nothing.
SETTINGS = {
    "join_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    "prefer_column_name_to_alias": 1,
    "cast_keep_nullable": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_decimals": 1,
    "output_format_decimal_trailing_zeros": 1,
    "max_query_size": 64 * 1024 * 1024,
    "wait_end_of_query": 1,
    "enable_http_compression": 1,
    "mutations_sync": 2,
    "lightweight_deletes_sync": 2,
}
_FORMAT = "JSONCompactEachRowWithNamesAndTypes"
_PLACE = re.compile(r"\{(p[0-9]+):([A-Za-z0-9()]+)\}")
_DECIMAL = re.compile(r"(Nullable\()?Decimal")
_WIDE = re.compile(r"(Nullable\()?U?Int(128|256)")


class ClickHouseClient:
    """One connection, kept open, for one thread at a time; `interrupt` may come from another one."""

    def __init__(self, url: ClickHouseURL, seconds: int = QUESTION_SECONDS, session: str = "") -> None:
        self._url, self._seconds, self._session = url, seconds, session
        self._connection: http.client.HTTPConnection | None = None
        self._query_id = ""
        #: The statement that was given up last.
        self._given_up = ""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a statement that may be asked twice. Raises DuckDB's kinds of errors (`clickhouse_errors`)."""
        return _read(self._send(*_statement(sql, values), {"default_format": _FORMAT}, may_repeat=True))

    def write(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement once: a connection that ended while it was kept open is an error, as the server may have run it."""
        self._send(*_statement(sql, values), {})

    def insert(self, table: str, columns: Sequence[str], rows: bytes) -> None:
        """Insert rows, a line of JSON each, in one block as far as the server's bounds go."""
        query = f"INSERT INTO {table} ({', '.join(columns)}) FORMAT JSONCompactEachRow"
        body = zlib.compress(rows, 1)
        self._send(
            body,
            "text/plain",
            {"query": query, "input_format_parallel_parsing": 0},
            {"Content-Encoding": "deflate"},
        )

    def interrupt(self) -> None:
        """Give up the statement that runs, if one does: nobody waits for it any more, and the server is told to end it."""
        query_id, connection = self._query_id, self._connection
        if not query_id or query_id == self._given_up:
            return
        self._given_up = query_id
        if connection is not None and connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        threading.Thread(target=self._kill, args=(query_id,), daemon=True).start()

    def _kill(self, query_id: str) -> None:
        other = ClickHouseClient(self._url, KILL_SECONDS)
        with suppress(duckdb.Error):  # it may have ended, or the server is away
            other.rows("KILL QUERY WHERE query_id = $1 ASYNC", [query_id])
        other.close()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _send(
        self,
        body: bytes,
        kind: str,
        asked: dict[str, Any],
        headers: dict[str, str] | None = None,
        *,
        may_repeat: bool = False,
    ) -> bytes:
        until = time.monotonic() + left(self._seconds)
        self._query_id = secrets.token_hex(16)
        session = {"session_id": self._session, "session_timeout": 60} if self._session else {}
        query = urlencode({
            "database": self._url.database, "query_id": self._query_id, "max_execution_time": ceil(left(self._seconds)) or 1, **SETTINGS, **session, **asked,
        })  # fmt: skip
        sent = {
            "X-ClickHouse-User": self._url.user, "X-ClickHouse-Key": self._url.password, "Content-Type": kind,
            "Accept-Encoding": "gzip", **(headers or {}),
        }  # fmt: skip
        try:
            return self._exchange(f"/?{query}", body, sent, until, may_repeat)
        finally:
            self._query_id = ""

    def _exchange(
        self, path: str, body: bytes, headers: dict[str, str], until: float, may_repeat: bool
    ) -> bytes:
        is_kept = self._connection is not None
        try:
            return self._once(path, body, headers, until)
        except (OSError, http.client.HTTPException, zlib.error) as failure:
            self.close()
            if self._given_up == self._query_id:
                raise ClickHouseInterrupted("the statement was given up") from failure
            if isinstance(failure, TimeoutError):
                raise ClickHouseInterrupted("the server did not answer in time") from failure
            has_ended = isinstance(
                failure, (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)
            )
            if may_repeat and is_kept and has_ended:
                return self._exchange(path, body, headers, until, may_repeat=False)
            if isinstance(failure, http.client.BadStatusLine) and not has_ended:  # not even HTTP
                raise ClickHouseForeign(printable(str(failure).encode(errors="replace"))) from failure
            raise ClickHouseAway(f"the server cannot be asked: {type(failure).__name__}") from failure

    def _once(self, path: str, body: bytes, headers: dict[str, str], until: float) -> bytes:
        if self._connection is None:
            self._connection = self._connect(_seconds_to(until))
        self._connection.sock.settimeout(_seconds_to(until))
        self._connection.response_class = partial(TimedResponse, until=until)  # type: ignore[assignment]
        self._connection.request("POST", path, body, headers)
        reply = self._connection.getresponse()
        read = reply.read()
        if reply.getheader("Content-Encoding") == "gzip":
            read = zlib.decompress(read, 31)
        if not any(name.lower().startswith(_OURS) for name, _ in reply.getheaders()):
            told = f"HTTP status {reply.status}: {printable(read)}"
            raise ClickHouseAway(told) if reply.status in _AWAY else ClickHouseForeign(told)
        code = reply.getheader("X-ClickHouse-Exception-Code")
        if reply.status != 200 or code is not None:
            told = printable(read.partition(b". In scope ")[0])  # what follows is the statement
            raise error_of(int(code) if code and code.isdigit() else 0, told or f"HTTP status {reply.status}")
        return read

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        url, seconds = self._url, min(seconds, CONNECT_SECONDS)
        made: http.client.HTTPConnection
        if url.has_tls:
            made = http.client.HTTPSConnection(
                url.host, url.port, timeout=seconds, context=ssl.create_default_context()
            )
        else:
            made = http.client.HTTPConnection(url.host, url.port, timeout=seconds)
        made.connect()
        return made


def _seconds_to(until: float) -> float:
    """Return the seconds that are left. Raises TimeoutError if there are none."""
    seconds = until - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def _statement(sql: str, values: Sequence[Any]) -> tuple[bytes, str]:
    """Return the body of a statement, and its media type: with its parameters as fields or, if these are large, as literals."""
    statement, parameters = spelled(sql, values)
    fields = {
        f"param_{name}": quoted(value) if isinstance(value, list) else escaped(str(value))
        for name, value in parameters.items()
    }
    if not fields:
        return statement.encode(), "text/plain"
    if all(len(each.encode()) <= MAX_FIELD_BYTES for each in (statement, *fields.values())):
        return _form({"query": statement, **fields})
    literals = {name: quoted(value) for name, value in parameters.items()}
    whole = _PLACE.sub(lambda found: f"CAST({literals[found[1]]} AS {found[2]})", statement)
    return whole.encode(), "text/plain"


def _form(fields: dict[str, str]) -> tuple[bytes, str]:
    """Return fields as multipart/form-data, and its media type."""
    boundary = secrets.token_hex(16)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"


def _read(body: bytes) -> list[Any]:
    """Return the rows of an answer. Raises ClickHouseForeign for what is none."""
    try:
        return _rows_of(body.splitlines())
    except (ValueError, TypeError, LookupError, ArithmeticError) as failure:
        raise ClickHouseForeign(printable(body)) from failure


def _rows_of(lines: list[bytes]) -> list[Any]:
    """Return the rows in lines, of which the first two are the names and the types."""
    if len(lines) < 2:
        return []
    types = orjson.loads(lines[1])
    rows = [orjson.loads(line) for line in lines[2:]]
    readers: list[tuple[int, Callable[[Any], Any]]] = [
        *((n, Decimal) for n, kind in enumerate(types) if _DECIMAL.match(kind)),
        *((n, int) for n, kind in enumerate(types) if _WIDE.match(kind)),
    ]
    for number, reader in readers:
        for row in rows:
            if row[number] is not None:
                row[number] = reader(row[number])
    return [tuple(row) for row in rows]
