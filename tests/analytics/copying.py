"""How does a test build a copy and follow it, without a process?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from tests.analytics.reference import (
    events_of_copy,
    events_of_truth,
    fields_of_copy,
    fields_of_truth,
    visits_of,
    visits_of_copy,
)
from tracker.analytics.copy.copy_build import build_copy
from tracker.analytics.copy.copy_check import CopyCheck, check_copy
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.copy.copy_tables import read_columns
from tracker.analytics.copy.copy_tail import CopyTail
from tracker.analytics.copy.duckdb_engine import attach, open_engine
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.queries import CopyColumn, CopySchema
from tracker.storage.engine import Database

MEMORY_MB = 256


class Copied:
    """The copy of one list, in a folder."""

    def __init__(self, database: Database, list_id: int, folder: Path, is_built: bool = False) -> None:
        self.database, self.list_id = database, list_id
        self.files = CopyFiles(folder)
        self.truth = TruthReader(database)
        if not is_built:
            self.build()
        self.open()

    @classmethod
    def existing(cls, database: Database, list_id: int, folder: Path) -> Self:
        """The copy that is there."""
        return cls(database, list_id, folder, is_built=True)

    def build(self) -> None:
        """Build it anew; it must be closed."""
        build_copy(self.truth, self.list_id, self.files, MEMORY_MB, lambda share: None)
        self.files.put_in_place(self.list_id)

    def open(self) -> None:
        self.engine = open_engine(self.files.folder, MEMORY_MB)
        attach(self.engine, self.files.copy(self.list_id), "one")
        self.tail = CopyTail(self.engine.cursor(), "one", self.list_id, self.truth)

    def close(self) -> None:
        self.engine.close()

    def asked(self) -> tuple[Any, CopySchema]:
        """A cursor for questions, and the schema that they need, without visits: those are compared by themselves."""
        cursor = self.engine.cursor()
        columns = read_columns(cursor, "one")
        kept = {each.property: CopyColumn(each.index, each.has_numbers) for each in columns}
        return cursor, CopySchema("one", kept)

    def follow(self) -> None:
        while not self.tail.look():
            pass

    def compare(self) -> CopyCheck:
        """The copy against the truth's counters."""
        return check_copy(self.engine.cursor(), "one", self.list_id, self.truth, self.tail)

    def check(self) -> None:
        """Is the copy, once followed, what plain Python makes of the truth?"""
        self.follow()
        found, wanted = events_of_copy(self.engine, "one"), events_of_truth(self.database, self.list_id)
        differing = {key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}
        assert not differing, [(key, found.get(key), wanted.get(key)) for key in differing]
        assert visits_of_copy(self.engine, "one") == visits_of(wanted, self.engine, "one")
        assert fields_of_copy(self.engine, "one") == fields_of_truth(self.database, self.list_id)
