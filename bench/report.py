"""How are figures shown, and kept? Markdown, printed, and put between markers into a page of docs/."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import Load
from bench.servers import ROOT

PAGE = ROOT / "docs/performance.md"


@dataclass
class Report:
    """What a part found: paragraphs and tables in the order in which they are read."""

    part: str
    title: str
    blocks: list[str] = field(default_factory=list)
    page: Path = PAGE

    def say(self, text: str) -> None:
        self.blocks.append(text)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The first column is text, the others are figures."""
        lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
        self.blocks.append("\n".join("| " + " | ".join(line) + " |" for line in lines))

    def __str__(self) -> str:
        return "\n\n".join([f"## {self.title}", *self.blocks])


def write(report: Report) -> None:
    """Put the report in the place of the last one of its part in its page, or at the page's end."""
    begin, end = f"<!-- bench:{report.part} -->", f"<!-- /bench:{report.part} -->"
    text, written = report.page.read_text(), f"{begin}\n{report}\n{end}"
    place = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
    new, found = place.subn(lambda _: written, text)
    report.page.write_text(new if found else f"{text.rstrip()}\n\n{written}\n")


LOAD_HEADS = ("", "a second", "p50 ms", "p99 ms", "ratio", "lowest–highest", "asked for", "client")


def load_row(title: str, loads: Sequence[Load], floors: Sequence[Load] = (), reach: str = "") -> list[str]:
    """The median run, and the ratio of each run to the one of the same turn in `floors`.

    The last figure is how busy the client kept its core: far below 100 %, or it is what was measured.
    """
    middle = sorted(loads, key=lambda one: one.per_second)[len(loads) // 2]
    ratios = [one.per_second / floor.per_second for one, floor in zip(loads, floors, strict=False)]
    client = statistics.median(one.client_seconds / one.seconds for one in loads)
    return [
        title,
        f"{middle.per_second:,.0f}",
        f"{middle.p50:,.1f}",
        f"{middle.p99:,.1f}",
        figure(statistics.median(ratios)) if ratios else "",
        f"{figure(min(ratios))}–{figure(max(ratios))}" if ratios else "",
        reach,
        f"{client:.0%}",
    ]


def figure(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"
