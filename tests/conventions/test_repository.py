"""Pages about the project: lengths, numbered decisions, the glossary, hosted CI, and the changelog's top."""

from __future__ import annotations

import re

from tests.conventions.pages import links
from tests.conventions.sources import ROOT
from tracker import __version__

DECISIONS = ROOT / "docs/decisions"
GLOSSARY = ROOT / "docs/glossary.md"
MAX_README_WORDS = 700
GLOSSARY_ROW = re.compile(r"^\| (.+?) \| (.+\.) \| `([\w/]+\.py(?::\w+)?)` \|$", re.MULTILINE)


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= MAX_README_WORDS


def test_the_index_leads_to_every_page() -> None:
    shown = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in links(ROOT / "docs/README.md")}
    assert set((ROOT / "docs").glob("*.md")) - {ROOT / "docs/README.md"} <= shown


def test_decisions_are_numbered_without_a_gap_and_listed() -> None:
    files = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    assert [path.name[:4] for path in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    assert [path for path in files if not path.read_text().startswith(f"# {path.name[:4]}. ")] == []
    assert sorted(links(DECISIONS / "README.md")) == sorted(
        [path.name for path in files] + ["0018-jobs-in-steps.md"]
    )


def test_glossary_rows_have_a_term_a_sentence_and_a_place() -> None:
    rows = [line for line in GLOSSARY.read_text().splitlines() if re.match(r"\| (?!term)", line)]
    found = GLOSSARY_ROW.findall(GLOSSARY.read_text())
    assert len(found) == len(rows) >= 40
    terms = [term for term, *_ in found]
    assert len(set(terms)) == len(terms)


def test_hosted_ci_runs_all_on_every_python_that_is_promised() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    promised = re.findall(r"Python :: (3\.\d+)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)
    [tested] = re.findall(r"^ +python: \[(.*)\]$", workflow, re.MULTILINE)
    assert re.findall(r'"([\d.]+)"', tested) == promised
    assert re.findall(r"^ +- run: (\S+)$", workflow, re.MULTILINE) == [".ci/run"]


def test_the_changelog_begins_with_this_version() -> None:
    [first, *_] = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first == __version__
