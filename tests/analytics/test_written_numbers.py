"""Written numbers: a number in a condition has the text that the copy has for an event's, whatever its size."""

from __future__ import annotations

import duckdb
import orjson
from hypothesis import given
from hypothesis import strategies as st

from tracker.analytics.copy.copied_rows import field_rows, values_of
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.domain.event import FORMAT_JSON
from tracker.domain.field_types import NUMBER, stored_value
from tracker.questions import canonical_text
from tracker.storage.accounts import ListSettings

NUMBERS = st.integers() | st.integers(-(10**22), 10**22) | st.floats(allow_nan=False, allow_infinity=False)


def stored(number: float) -> str:
    """The properties of an event with this number, as the loader gets them; a body's integers have 64 bits."""
    read = float(number) if isinstance(number, int) and not -(2**63) <= number < 2**63 else number
    row = (1, 1, 0, 0, b"seen", 1, 0, FORMAT_JSON + orjson.dumps({"x": read, "y": 1}))
    return str(values_of([row], ListSettings())[10][0])


@given(NUMBERS)
def test_a_number_is_written_as_the_copy_writes_it(number: float) -> None:
    read = DuckDBDialect().json_text("$1::JSON", "'/x'")
    patched = "CAST(json_merge_patch($1::JSON, '{\"y\": null}'::JSON) AS VARCHAR)"
    rest = DuckDBDialect().json_text(patched, "'/x'")
    column = "json_extract_string($1::JSON, ['/x'])[1]"
    with duckdb.connect() as engine:
        texts = engine.execute(f"SELECT {column}, {read}, {rest}", [stored(number)]).fetchone()
    assert texts == (canonical_text(number),) * 3


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_of_a_custom_field_is_written_as_a_condition_has_it(number: float) -> None:
    [row] = field_rows([(1, 2, stored_value(NUMBER, number))], {2: NUMBER})
    assert row == (1, 2, canonical_text(number), float(number))
