"""Parameter reading: spellings, validation by a schema, and the error rows of failed checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from tracker.errors import CommandError, Error
from tracker.registry.near_names import MAX_NOTES, NearNames

#: Parameters that every command takes, beside its own.
COMMON_PARAMS = ("Command", "APIKey", "SessionID", "EventListTrackerID")


class ParamReader:
    """Reads the parameters of one schema; failed checks are answered with the rows declared in `errors`."""

    #: Unknown names that are looked at: one more than are told.
    most_unknown = MAX_NOTES + 1

    def __init__(self, schema: type[Schema], errors: Sequence[Error]) -> None:
        self.schema = schema(unknown=EXCLUDE)
        self._exact = frozenset((*COMMON_PARAMS, *self.schema.load_fields))
        self._folded = {name.lower(): name for name in self._exact}
        words = getattr(schema, "aliases", {})
        aliases = {name: words[name] for name in self.schema.load_fields if name in words}
        self.near = NearNames(sorted(self._exact), aliases)
        self._rows: dict[tuple[str, str], Error] = {}
        for row in errors:
            if row.param:
                self._rows.setdefault((row.param, row.kind), row)

    def spelled(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters under their declared spelling, which beats any other letter case; leaves out unknown ones."""
        spelled = {key: value for key, value in params.items() if key in self._exact}
        if len(spelled) < len(params):
            for key, value in params.items():
                name = self._folded.get(key.lower())
                if name is not None:
                    spelled.setdefault(name, value)
        return spelled

    def notes(self, params: Mapping[str, Any]) -> str:
        """Return a line that names unknown parameters and the names they are near to; "" if all are known."""
        return self.near.notes(self.unknown(params))

    def unknown(self, params: Mapping[str, Any]) -> Iterator[str]:
        """Yield the names that are no parameter in any letter case, at most `most_unknown`."""
        return islice((name for name in params if name.lower() not in self._folded), self.most_unknown)

    def read(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the validated values of spelled parameters. Raises CommandError with every row that applies."""
        try:
            return self.schema.load(params)  # type: ignore[no-any-return]
        except ValidationError as failed:
            raise CommandError(*self._failed_rows(failed.messages_dict, params)) from None

    def _failed_rows(self, messages: Mapping[str, Any], params: Mapping[str, Any]) -> list[Error]:
        """Return rows by code: those that a check itself raised, else the parameter's row."""
        rows = {
            row for name, found in messages.items() for row in self._param_rows(name, found, name in params)
        }
        return sorted(rows, key=lambda row: (row.code, row.message))

    def _param_rows(self, name: str, found: Any, is_sent: bool) -> list[Error]:
        raised = [row for row in found if isinstance(row, Error)] if isinstance(found, list) else []
        return raised or [self._declared_row(name, "invalid" if is_sent else "missing")]

    def _declared_row(self, name: str, kind: str) -> Error:
        """Return the row declared for this failure; a parameter with one row answers with that row's code for both kinds."""
        row = self._rows.get((name, kind))
        if row is not None:
            return row
        other = "missing" if kind == "invalid" else "invalid"
        return replace(self._rows[name, other], message=f"{kind.capitalize()} {name} parameter")
