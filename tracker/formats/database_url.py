"""Database URLs: TRACKER_DATABASE_URL names an SQLite file or a database on a MariaDB server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class DatabaseURL:
    """`kind` is "sqlite" (then `path` is the file) or "mysql"."""

    kind: str
    path: Path = Path()
    host: str = "127.0.0.1"
    port: int = 3306
    user: str = "root"
    password: str = ""
    name: str = ""

    @classmethod
    def parse(cls, url: str) -> DatabaseURL:
        """Parse the URL. Raises ValueError, with one line, for a URL that names neither."""
        parts = urlsplit(url)
        if parts.scheme == "sqlite":
            path = unquote(parts.netloc + parts.path).removeprefix("/")
            if not path:
                raise ValueError("TRACKER_DATABASE_URL must name a file: sqlite:///var/tracker.db")
            return cls("sqlite", Path(path))
        if parts.scheme not in ("mysql", "mariadb"):
            raise ValueError(
                f"TRACKER_DATABASE_URL must start with sqlite:/// or mysql://, not '{parts.scheme}:'"
            )
        return cls(
            "mysql",
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            name=unquote(parts.path.lstrip("/")),
        )
