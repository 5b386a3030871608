"""Does a broken plugin stop start-up with one line that names it and the reason?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tracker.plugins import load_commands
from tracker.registry import PluginError

GOOD = '''"""A plugin."""
from marshmallow import Schema, ValidationError, fields
from tracker import Command, Error, anyone, invalid, missing
from tracker.tables import Tables

class Shout(Command):
    """Answer louder."""
    name = "text.shout"
    permission = None
    errors = (missing("Text", 1), invalid("Text", 2))
    example = ({"Text": "hi"}, {"Text": "HI"})

    class Params(Schema):
        Text = fields.String(required=True)

    def run(self, params):
        return {"Text": params["Text"].upper()}
'''
DECLARED_ROWS = '(missing("Text", 1), invalid("Text", 2))'
EXAMPLE = '({"Text": "hi"}, {"Text": "HI"})'

#: (what is replaced in the good plugin, by what, the reason given)
DECLARATIONS = [
    ('"text.shout"', '"shout"', "shout: name must be lower-case words joined by dots"),
    ('"text.shout"', '"Text.Shout"', "name must be lower-case words joined by dots"),
    ('"text.shout"', "None", "Shout: name must be lower-case words joined by dots"),
    ('    name = "text.shout"\n', "", "Shout: name must be lower-case words joined by dots"),
    ('    """Answer louder."""\n', "", "text.shout: a docstring is needed"),
    ('"""Answer louder."""', '"""   """', "a docstring is needed"),
    ("    permission = None\n", "", "text.shout: permission must be declared"),
    ("permission = None", 'permission = ""', "permission must be a name without spaces and commas"),
    ("permission = None", 'permission = "Text,Shout"', "permission must be a name without spaces and commas"),
    ("permission = None", 'permission = "Administrator"', "write permission = administrator"),
    ("permission = None", 'permission = "*"', "is no name of a command's"),
    ("permission = None", "permission = True", "permission must be a name without spaces and commas"),
    (
        "permission = None",
        'permission = None; method = "PUT"',
        "method must be 'GET' (changes nothing) or 'POST'",
    ),
    (
        "permission = None",
        'permission = None; rate_limit = "often"',
        "rate_limit must read like '100 per 60 seconds'",
    ),
    ("permission = None", 'permission = None; rate_limit = "0 per 60 seconds"', "rate_limit must read like"),
    ("permission = None", "permission = None; rate_limit = 100", "rate_limit must read like"),
    (
        "permission = None",
        'permission = None; path = "/shout"',
        "path must be lower-case words joined by slashes",
    ),
    (
        "permission = None",
        'permission = None; path = "shout?"',
        "path must be lower-case words joined by slashes",
    ),
    ('"text.shout"', '"openapi.json"', "path or name is one of Tracker's own pages"),
    (
        "permission = None",
        'permission = None; path = "openapi.json"',
        "path or name is one of Tracker's own pages",
    ),
    ("permission = None", 'permission = None; tables = "notes"', "tables must be tracker.tables.Tables"),
    (
        "permission = None",
        'permission = None; media_type = "text/html"',
        "media_type must be that of Stream, NdjsonStream or EventStream",
    ),
    (
        "permission = None",
        'permission = None; other_media_types = ("text/html",)',
        "other_media_types must be a tuple of those of CsvStream and NdjsonStream",
    ),
    (
        "permission = None",
        "permission = None; is_report = True",
        "a report asks for the permission Reports.Get",
    ),
    (
        "permission = None",
        'permission = "Reports.Get"; is_report = True',
        "a report asks for the permission Reports.Get",
    ),
    (
        "permission = None",
        'permission = "Reports.Get"; is_report = True; method = "GET"',
        "has the method 'GET' and the parameter ListID",
    ),
    (DECLARED_ROWS, '(missing("Text", 1), invalid("Text", 1))', "error code 1 is declared twice"),
    (
        DECLARED_ROWS,
        '(missing("Text", 429),)',
        "error code 429 is reserved for all commands: Rate limit exceeded",
    ),
    (DECLARED_ROWS, '(missing("Text", "1"),)', "error code '1' is no number"),
    (DECLARED_ROWS, '(missing("Text", 0),)', "error code 0 is no number from 1"),
    (
        DECLARED_ROWS,
        '(missing("Text", 1), Error(2, "Too loud", 200))',
        "error code 2: status 200 is no HTTP status from",
    ),
    (DECLARED_ROWS, '(missing("Text", 1), Error(2, ""))', "error code 2: a message is needed"),
    (DECLARED_ROWS, '(missing("Text", 1, hint=" "),)', "error code 1: a hint is a text, or None"),
    (
        DECLARED_ROWS,
        '(Error(1, "Text?", param="Text"),)',
        "the row of a parameter is made by missing(…) or invalid(…)",
    ),
    (DECLARED_ROWS, 'missing("Text", 1)', "errors must be a tuple of rows"),
    (DECLARED_ROWS, "()", "parameter Text has no row in errors"),
    (EXAMPLE, "None", "an example is needed"),
    (EXAMPLE, '{"Text": "hi"}', "an example is needed"),
    (EXAMPLE, '({"Text": "hi"}, {"Text": object()})', "an example is needed"),
    ("class Params(Schema)", "class Params", "Params must be a marshmallow Schema"),
    (
        "class Params(Schema)",
        "class Answer: pass\n    class Params(Schema)",
        "Answer must be a marshmallow Schema",
    ),
    (
        "    def run(",
        '    Params.opts.fields = ("Nobody",)\n    def run(',
        "Params cannot be made: KeyError: 'Nobody'",
    ),
    ("required=True", 'data_key="text"', "parameter Text is named as it is sent: there is no data_key"),
    ("Text = fields.String(required=True)", "Text = TEXT = fields.String()", "is ambiguous"),
    ("Text = fields.String(required=True)", "Command = fields.String()", "parameter Command is ambiguous"),
    ("def run(", "def walk(", "run is missing"),
]
#: (a module's text, the reason given)
MODULES = [
    ("", "there is no command and no tile in it"),
    ("from tracker import Command\nclass _Parent(Command): pass\n", "there is no command and no tile in it"),
    ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module' (broken.py, line 1)"),
    ("from tracker import NoSuchName\n", "ImportError: cannot import name 'NoSuchName'"),
    ("class Shout(Command:\n", "SyntaxError: "),
    ("\n\n1 / 0\n", "ZeroDivisionError: division by zero (broken.py, line 3)"),
    ("raise ValueError('two\\nlines')\n", "ValueError: two lines (broken.py, line 1)"),
    ("raise SystemExit(0)\n", "SystemExit: 0 (broken.py, line 1)"),
    (
        "from tracker.tables import Tables\nTables('my_notes')\n",
        "ValueError: an owner of tables is 1 to 30 lower-case",
    ),
]

TILE = """from tracker import Tile
class Baskets(Tile):
    name = "shop.baskets"
    title = "Baskets"
    chart = "bars"
    report = ("reports.trend", {"Measures": "visits"})
"""
#: (what is replaced in the good tile, by what, the reason given)
TILES = [
    ('"shop.baskets"', '"Baskets"', "Baskets: name must be lower-case words joined by dots"),
    ('"shop.baskets"', "7", "name must be lower-case words joined by dots"),
    ('"Baskets"', '" "', "shop.baskets: title must be a text of 1 to 60 characters"),
    ('"bars"', '"pie"', "chart must be one of line, bars, sparkline, share, grid"),
    ('"reports.trend"', '"reports.people"', "report must be a pair of one of reports.trend, reports.breakdown"),
    ('"visits"', "7", "reports.trend refuses these parameters: "),
    ('("reports.trend", {"Measures": "visits"})', "None", "a tile has either a report or a run"),
    ("report =", "run = lambda self, list_id: None; report =", "a tile has either a report or a run"),
    ("class Baskets", "class Other(Tile):\n    name = 'shop.baskets'; title = 'x'; chart = 'line'; report = ('reports.trend', {})\nclass Baskets", "the name is taken by the tile Other from "),
]  # fmt: skip

Refuse = Callable[[str], str]


@pytest.fixture
def refused(tmp_path: Path) -> Refuse:
    """`refused(source)` gives the line that start-up stops with for a plugin of this text."""

    def line(source: str) -> str:
        (tmp_path / "broken.py").write_text(source)
        with pytest.raises(PluginError) as stopped:
            load_commands(tmp_path)
        return str(stopped.value)

    return line


def test_the_plugin_that_is_broken_here_is_fine_itself(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    assert load_commands(tmp_path).find("text.shout") is not None


@pytest.mark.parametrize(("good", "bad", "reason"), DECLARATIONS)
def test_a_wrong_declaration_is_named(
    refused: Refuse, tmp_path: Path, good: str, bad: str, reason: str
) -> None:
    assert GOOD.count(good) == 1
    line = refused(GOOD.replace(good, bad))
    assert line.startswith(f"{tmp_path / 'broken.py'}: ")
    assert "\n" not in line
    assert reason in line


@pytest.mark.parametrize(("source", "reason"), MODULES)
def test_a_module_that_cannot_be_used_is_named(
    refused: Refuse, tmp_path: Path, source: str, reason: str
) -> None:
    line = refused(source)
    assert line.startswith(f"{tmp_path / 'broken.py'}: ")
    assert "\n" not in line
    assert reason in line


@pytest.mark.parametrize(
    ("good", "bad", "what"),
    [
        (
            '"text.shout"',
            '"list.get"',
            "list.get: the name 'list.get' is taken by list.get from commands/list_get.py",
        ),
        (
            '"text.shout"',
            '"text.shout"; path = "event"',
            "the path 'event' is taken by event.track from commands/event_",
        ),
        (
            '"text.shout"',
            '"text.shout"; path = "list.get"',
            "the path 'list.get' is taken by list.get from commands/l",
        ),
    ],
)
def test_a_taken_name_or_path_names_both_origins(
    refused: Refuse, tmp_path: Path, good: str, bad: str, what: str
) -> None:
    line = refused(GOOD.replace(good, bad))
    assert line.startswith(f"{tmp_path / 'broken.py'}: ")
    assert what in line


def test_a_name_that_is_a_path_already_is_taken(refused: Refuse, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        GOOD.replace("permission = None", 'permission = None; path = "text.whisper"')
    )
    line = refused(GOOD.replace("text.shout", "text.whisper"))
    assert f"the name 'text.whisper' is taken by text.shout from {tmp_path / 'a.py'}" in line


def test_one_command_in_two_files_names_both(refused: Refuse, tmp_path: Path) -> None:
    (tmp_path / "another.py").write_text(GOOD)
    line = refused(GOOD)
    assert line == (
        f"{tmp_path / 'broken.py'}: text.shout: the name 'text.shout' is taken by text.shout "
        f"from {tmp_path / 'another.py'}"
    )


def test_tables_of_one_owner_in_two_plugins_name_both(refused: Refuse, tmp_path: Path) -> None:
    with_tables = GOOD.replace("permission = None", 'permission = None; tables = Tables("notes")')
    (tmp_path / "another.py").write_text(with_tables)
    line = refused(with_tables.replace("text.shout", "text.whisper"))
    assert line == (
        f"{tmp_path / 'broken.py'}: text.whisper: tables of 'notes' are those of text.shout "
        f"from {tmp_path / 'another.py'}"
    )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"^TRACKER_PLUGINS_FOLDER: .*/nowhere: No such file or directory$"):
        load_commands(tmp_path / "nowhere")


def test_a_folder_may_hold_packages_and_what_is_private(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "shout.py").write_text(GOOD)
    (tmp_path / "text" / "__init__.py").write_text("from .shout import Shout\n")
    (tmp_path / "_private.py").write_text("1 / 0\n")
    (tmp_path / "README.md").write_text("No plugin.\n")
    (tmp_path / "data").mkdir()
    found = load_commands(tmp_path).find("text.shout")
    assert found is not None
    assert found.origin == str(tmp_path / "text")


def test_parents_and_other_names_of_a_command_are_no_commands(tmp_path: Path) -> None:
    parent = GOOD.replace("class Shout(Command)", "class _Loud(Command)").replace(
        '    name = "text.shout"\n', ""
    )
    child = '\nclass Shout(_Loud):\n    """Answer louder."""\n    name = "text.shout"\n\nAlias = Shout\n'
    (tmp_path / "shout.py").write_text(parent + child)
    registry = load_commands(tmp_path)
    assert registry.find("text.shout") is not None
    assert len(registry) == len(load_commands()) + 1


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("shouting:Shout", None),
        ("shouting", None),
        ("no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("shouting:NoSuchName", "AttributeError: module 'shouting' has no attribute 'NoSuchName'"),
        ("shouting:GOOD", "the entry point names neither a module nor a Command nor a Tile"),
        ("shouting:Shout.Params", "the entry point names neither a module nor a Command nor a Tile"),
    ],
)
def test_an_entry_point_names_a_module_or_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, reason: str | None
) -> None:
    (tmp_path / "shouting.py").write_text(GOOD + "\nGOOD = 1\n")
    about = tmp_path / "shouting-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: shouting\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[tracker.commands]\nshout = {value}\n")
    monkeypatch.syspath_prepend(tmp_path)
    if reason is None:
        found = load_commands().find("text.shout")
        assert found is not None
        assert found.origin == f"package shouting ({value})"
    else:
        with pytest.raises(PluginError) as stopped:
            load_commands()
        assert str(stopped.value) == f"package shouting ({value}): {reason}"


@pytest.mark.parametrize(("old", "new", "reason"), TILES)
def test_a_tile_that_could_not_be_drawn_is_refused(refused: Refuse, old: str, new: str, reason: str) -> None:
    assert old in TILE
    assert reason in refused(TILE.replace(old, new))


def test_a_tile_alone_is_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "baskets.py").write_text(TILE)
    assert [tile.name for tile in load_commands(tmp_path).tiles] == ["shop.baskets"]
