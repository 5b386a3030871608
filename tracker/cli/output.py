"""Terminal output: tables, progress bars, and notes on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import click

#: The exit code after Ctrl-C.
INTERRUPTED = 130


class At(Protocol):
    """Takes how much is done, and of how much where that is known only now."""

    def __call__(self, done: int, of: int = ...) -> None: ...


def say(text: str) -> None:
    """On a line of its own, below the bar."""
    click.echo(f"\n{text}" if sys.stderr.isatty() else text, err=True)


@contextmanager
def progress(length: int, label: str) -> Iterator[At]:
    """Take how much of `length` is done; on a terminal a bar shows it, unless nobody knows the length (0)."""
    if not length or not sys.stderr.isatty():
        yield lambda done, of=length: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:

        def at(done: int, of: int = length) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield at


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Each column as wide as its widest cell."""
    table = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
