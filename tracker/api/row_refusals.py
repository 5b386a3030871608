"""Row refusals on the wire: what a store refused is answered with an error row of the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from tracker.api.report_params import LIST_NOT_FOUND
from tracker.errors import CommandError, Error
from tracker.storage.accounts import NameRefused, RowFault, RowRefused
from tracker.storage.triggers import TriggerRefused


def answering(rows: Mapping[object, Error]) -> Callable[[], AbstractContextManager[None]]:
    """Return a context manager that answers what a store refuses inside its block: raises CommandError with the fault's row.

    That a list is gone is answered alike everywhere. A fault without a row goes on to the caller, whose own check found it.
    """
    told = {RowFault.NO_LIST: LIST_NOT_FOUND, **rows}

    @contextmanager
    def block() -> Iterator[None]:
        try:
            yield
        except (RowRefused, NameRefused, TriggerRefused) as refused:
            if refused.fault not in told:
                raise
            raise CommandError(told[refused.fault]) from None

    return block
