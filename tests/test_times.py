"""Are times spelled as ISO 8601 in UTC?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.times import iso_utc


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_225_599_999, "2025-12-31T23:59:59.999Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
    ],
)
def test_known_moments(milliseconds: int, text: str) -> None:
    assert iso_utc(milliseconds) == text


@given(st.datetimes(datetime(1971, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - set beside it
def test_it_reads_back(moment: datetime) -> None:
    milliseconds = round(moment.timestamp()) * 1000 + moment.microsecond // 1000
    assert round(datetime.fromisoformat(iso_utc(milliseconds)).timestamp() * 1000) == milliseconds
