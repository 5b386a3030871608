"""Exit errors: every failure of the `tracker` script is one line on stderr and an exit code other than 0."""

from __future__ import annotations

from typing import Any

import click


class ScriptGroup(click.Group):
    """The command group that turns every failure into one line on stderr."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as failure:
            raise _misuse(failure) from failure

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError as failure:
            raise _misuse(failure) from failure
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except click.ClickException as failure:
            raise _with_exit_code(failure.exit_code)(_line(failure)) from failure
        except Exception as failure:  # any failure becomes one line
            raise click.ClickException(_line(failure)) from failure


def _with_exit_code(code: int) -> type[click.ClickException]:
    """Return an exception class with this exit code: click reads the code from the class."""
    return type("Failure", (click.ClickException,), {"exit_code": code})


def _misuse(failure: click.UsageError) -> click.UsageError:
    if isinstance(failure, click.exceptions.NoArgsIsHelpError):
        return failure
    command = failure.ctx.command_path if failure.ctx else "tracker"
    return click.UsageError(f"{failure.format_message()} See '{command} --help'.")


def _line(failure: BaseException) -> str:
    return " ".join(str(failure).split()) or type(failure).__name__
