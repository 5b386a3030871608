"""A ClickHouse server for tests: the engine in this process (chdb), behind the HTTP interface as ClickHouse has it.

What it has: queries in the body or as a field, parameters, settings, formats, sessions with temporary tables, gzip, users, and errors with
their code. What it has not: replicas, users' rights, a second query while one runs.
"""

from __future__ import annotations

import gzip
import re
import sys
import threading
import zlib
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chdb import session as chdb_session

USER, PASSWORD = "tracker", "pass word"
#: URL parameters that are no settings.
OURS = {
    "database", "query", "query_id", "session_id", "session_timeout", "default_format", "wait_end_of_query", "enable_http_compression",
}  # fmt: skip
_MADE = re.compile(r"CREATE (?:OR REPLACE )?TEMPORARY TABLE (\w+)")
_CODE = re.compile(r"Code: (\d+)\.")


class Engine:
    """The one session of this process; sessions of clients are prefixes of their tables."""

    def __init__(self) -> None:
        self._session = chdb_session.Session(sys.argv[2] if len(sys.argv) > 2 else None)
        self._session.query("SET max_threads = 1")
        self._lock = threading.Lock()
        self._settings: dict[str, str] = {}
        self._temporary: dict[str, set[str]] = {}
        self._database = ""

    def run(self, query: str, fields: dict[str, str], data: bytes) -> bytes:
        with self._lock:
            if fields.get("database", "default") != self._database:
                self._database = fields.get("database", "default")
                if not query.startswith("CREATE DATABASE"):
                    self._session.query(f"USE {self._database}")
                else:
                    self._database = ""
            for name, value in fields.items():
                if name not in OURS and not name.startswith("param_") and self._settings.get(name) != value:
                    text = value if re.fullmatch(r"-?[0-9.]+", value) else f"'{value}'"
                    self._session.query(f"SET {name} = {text}")
                    self._settings[name] = value
            query = self._in_session(query, fields.get("session_id", ""))
            if data:
                query = f"{query}\n{data.decode()}"
            parameters = {name[6:]: value for name, value in fields.items() if name.startswith("param_")}
            found = self._session.query(
                query, fields.get("default_format", "TabSeparated"), params=parameters
            )
            return bytes(found.bytes()) if found is not None else b""

    def _in_session(self, query: str, session: str) -> str:
        if not session:
            return query
        names = self._temporary.setdefault(session, set())
        names.update(_MADE.findall(query))
        prefix = f"s{zlib.crc32(session.encode()):08x}_"
        for name in names:
            query = re.sub(rf"(?<![.\w'`]){name}\b(?!')", prefix + name, query)
        return query


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    engine: Engine

    def do_POST(self) -> None:
        fields = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") in ("deflate", "gzip"):
            body = zlib.decompress(body, 47)
        query, data = fields.get("query", ""), b""
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            fields |= _form(self.headers["Content-Type"], body)
            query += fields.get("query", "") if not query else ""
        elif query:
            data = body
        else:
            query = body.decode()
        user, password = self.headers.get("X-ClickHouse-User"), self.headers.get("X-ClickHouse-Key")
        if (user, password) != (USER, PASSWORD):
            told = f"Code: 516. DB::Exception: {user}: Authentication failed: password is incorrect, or there is no user with such name."
            self._answer(403, told.encode(), 516)
            return
        try:
            self._answer(200, self.engine.run(query, fields, data))
        except Exception as failure:  # noqa: BLE001  whatever the engine says
            told = str(failure)
            code = _CODE.search(told)
            self._answer(500, told.encode(), int(code[1]) if code else 1002)

    def _answer(self, status: int, body: bytes, code: int | None = None) -> None:
        self.send_response(status)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        if code is not None:
            self.send_header("X-ClickHouse-Exception-Code", str(code))
        self.send_header("X-ClickHouse-Summary", "{}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _form(kind: str, body: bytes) -> dict[str, str]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = part.get_payload(decode=True).decode()
    return fields


def main() -> None:
    Handler.engine = Engine()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
