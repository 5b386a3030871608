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
    """Takes the amount done, and the total where it is known only now."""

    def __call__(self, done: int, of: int = ...) -> None: ...


def note(text: str) -> None:
    """Print a note or a next step to stderr, so that stdout holds only the result."""
    click.echo(text, err=True)


def say(text: str) -> None:
    """Print a line to stderr, below the progress bar."""
    click.echo(f"\n{text}" if sys.stderr.isatty() else text, err=True)


@contextmanager
def progress(length: int, label: str) -> Iterator[At]:
    """Yield a function that takes how much of `length` is done. A terminal shows a bar, unless the length is unknown (0)."""
    if not length or not sys.stderr.isatty():
        yield lambda done, of=length: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:

        def at(done: int, of: int = length) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        yield at


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table whose columns are as wide as their widest cells."""
    table = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
