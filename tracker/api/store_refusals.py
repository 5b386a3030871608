"""With which row is a command answered when the store refuses what it asks for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tracker.domain.custom_field import MAX_FIELDS
from tracker.errors import CommandError, Error
from tracker.storage.subscribers import Refusal, Refused

__all__ = ["MAX_FIELDS", "Refusal", "answering"]


@contextmanager
def answering(rows: Mapping[Refusal, Error]) -> Iterator[None]:
    """What the store refuses inside is answered with the command's row for it."""
    try:
        yield
    except Refused as refused:
        raise CommandError(rows[refused.refusal]) from None
