"""Pages of Markdown, read for tests: fenced blocks, curl lines as requests, tables, links and anchors."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conventions.sources import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SERVED_AT = "http://127.0.0.1:8000"
_HAS_VALUE = {"-X", "-H", "-d", "--data-binary", "--retry"}
_ALONE = {"-N", "-s", "--silent", "--retry-connrefused"}


def pages() -> list[Path]:
    """Every Markdown file of the repository, in a fixed order."""
    shown = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")]
    inside = [
        path for room in ("tracker", "commands", "bench", "tests") for path in (ROOT / room).rglob("*.md")
    ]
    return sorted(path for path in (*shown, *inside) if "node_modules" not in path.parts)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(path: Path, language: str | None = None) -> list[Block]:
    """The fenced blocks of a page, in order; of one language if it is given."""
    found = [Block(*groups) for groups in FENCE.findall(path.read_text())]
    return [block for block in found if language in (None, block.language)]


def command_lines(text: str) -> list[str]:
    """The commands of a shell block: a quoted text or a backslash carries one over several lines."""
    commands, waiting = [], ""
    for line in text.splitlines():
        waiting += line + "\n"
        if not line.endswith("\\") and is_whole(waiting):
            commands.append(waiting.replace("\\\n", " ").strip())
            waiting = ""
    assert not waiting, f"an open quote: {waiting}"
    return [command for command in commands if command and not command.startswith("#")]


def is_whole(text: str) -> bool:
    """Whether each quote of the text is closed."""
    try:
        shlex.split(text, comments=True)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Request:
    """What a curl line sends."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def curl(line: str, values: Mapping[str, object]) -> Request:
    """Read a curl line, with `values` for its shell variables. Raises AssertionError for an option nobody checks."""
    for name, value in values.items():
        line = re.sub(rf"\${name}\b", str(value), line)
    name, *words = shlex.split(line, comments=True)
    assert name == "curl", line
    given: dict[str, list[str]] = {}
    urls: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _HAS_VALUE:
            given.setdefault(word, []).append(next(rest))
        elif word not in _ALONE:
            urls.append(word)
    [url] = urls
    assert url.startswith(SERVED_AT), line
    data = given.get("-d", []) + given.get("--data-binary", [])
    method = given.get("-X", ["POST" if data else "GET"])[0]
    headers = dict(header.split(": ", 1) for header in given.get("-H", []))
    if data:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return Request(method, url.removeprefix(SERVED_AT), headers, "".join(data).encode())


def cells(path: Path, heading: str) -> list[list[str]]:
    """The rows of the first table after a heading, without its head; each cell stripped."""
    after = path.read_text().partition(f"# {heading}\n")[2]
    lines = after[after.index("\n|") :].strip("\n").split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def links(path: Path) -> Iterator[str]:
    """What a page links to, outside of fenced blocks and code."""
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", path.read_text()))
    return (first or second for first, second in LINK.findall(text))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    slugs: list[str] = []
    for heading in HEADING.findall(FENCE.sub("", path.read_text())):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        slugs.append(f"{slug}-{slugs.count(slug)}" if slug in slugs else slug)
    return set(slugs)


def tables(path: Path) -> Iterator[list[str]]:
    """The tables of a page, outside of fenced blocks, each as its lines."""
    for part in re.split(r"\n(?!\|)", FENCE.sub("", path.read_text())):
        lines = [line for line in part.splitlines() if line.startswith("|")]
        if lines:
            yield lines


def width(row: str) -> int:
    """How many cells a row of a table has; a bar in code or after a backslash parts none."""
    return len(re.sub(r"\\\|", "", row).strip().strip("|").split("|"))
