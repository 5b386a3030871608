from types import SimpleNamespace

import pytest
from tracker import Caller, CommandError
from tracker.tables import open_storage
from tracker_notes import NoteAdd, NotesGet, tables


class Lists:
    """Stands in for Tracker's lists: user 1 has list 7."""

    def owned(self, user_id, list_id, deadline):
        return SimpleNamespace(id=list_id) if (user_id, list_id) == (1, 7) else None


@pytest.fixture
def call(tmp_path):
    storage = open_storage(f"sqlite:///{tmp_path}/notes.db", tables)
    services = SimpleNamespace(
        stores=SimpleNamespace(lists=Lists()),
        storage=storage,
        settings=SimpleNamespace(plugins={"TRACKER_PLUGIN_NOTES_MOST": "2"}),
    )
    yield lambda command, **params: command(Caller(user_id=1), services, now=0).run(params)
    storage.close()


def test_notes_are_numbered(call):
    assert call(NoteAdd, ListID=7, Text="first") == {"Number": 1}
    assert call(NoteAdd, ListID=7, Text="second") == {"Number": 2}
    assert [note["Text"] for note in call(NotesGet, ListID=7)["Notes"]] == ["first", "second"]


def test_a_list_can_be_full(call):
    for text in ("first", "second"):
        call(NoteAdd, ListID=7, Text=text)
    with pytest.raises(CommandError, match="6: "):
        call(NoteAdd, ListID=7, Text="third")


def test_lists_of_others_are_not_found(call):
    with pytest.raises(CommandError, match="3: List not found"):
        call(NotesGet, ListID=8)
