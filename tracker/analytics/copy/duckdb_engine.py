"""DuckDB engine: an instance that reaches the files of one folder and nothing else, with bounded memory and temporary space."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tracker.analytics.copy.copy_files import TEMPORARY

#: Temporary space as a multiple of the memory limit.
TEMPORARY_TIMES = 16
THREADS = 2
#: Failures after which an instance may hold a damaged state: it is closed, and the file built anew.
DAMAGE = (duckdb.FatalException, duckdb.InternalException)
#: Failures of a file that is no copy of this format, or cannot be read.
UNREADABLE = (
    duckdb.IOException,
    duckdb.CatalogException,
    duckdb.SerializationException,
    duckdb.BinderException,
    *DAMAGE,
)


def open_engine(folder: Path, memory_mb: int) -> duckdb.DuckDBPyConnection:
    """Return an instance without tables, to which files of the folder can be attached. Its settings cannot be changed."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": THREADS,
            "temp_directory": str(folder / TEMPORARY),
            "max_temp_directory_size": f"{memory_mb * TEMPORARY_TIMES}MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    # In this order: without access to the outside the folders cannot be chosen any more.
    connection.execute(f"SET allowed_directories = [{quoted(f'{folder}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    """Attach a database file under a name, or make it. Raises one of UNREADABLE."""
    connection.execute(f"ATTACH {quoted(str(path))} AS {name}")


def quoted(text: str) -> str:
    """Return the text as an SQL literal: paths cannot be parameters."""
    return "'" + text.replace("'", "''") + "'"
