"""Are rate limits read as documented, and what cannot be read refused with a line that helps?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.rate_limits import RateLimit, parse_overrides

LIMITS = st.builds(RateLimit, st.integers(1, 10**12), st.integers(1, 31 * 24 * 3600))


@given(LIMITS)
def test_both_spellings_are_read(limit: RateLimit) -> None:
    assert RateLimit.parse(str(limit)) == limit
    assert RateLimit.parse(f" {limit.hits}/{limit.seconds} ") == limit


@pytest.mark.parametrize("text", ["5000 PER 60 Seconds", "5000  per 60 second", "5000 / 60", "5000/60s"])
def test_letter_case_and_blanks_do_not_matter(text: str) -> None:
    assert RateLimit.parse(text) == RateLimit(5000, 60)


@pytest.mark.parametrize(
    "text", ["", "5000", "5000/", "/60", "0/60", "5000/0", "-1/60", "1.5/60", "5000 per minute", "٣/60",
             "5_000/60", "1e3/60", "5000/60/1", "1/2678401", "1000000000001/60", "9" * 5000 + "/60"],
)  # fmt: skip
def test_what_is_no_rate_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        RateLimit.parse(text)


@given(st.text())
def test_any_text_is_a_limit_or_a_value_error(text: str) -> None:
    try:
        limit = RateLimit.parse(text)
    except ValueError:
        return
    assert RateLimit.parse(str(limit)) == limit


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,10}\.[a-z]{1,10}", fullmatch=True), LIMITS, max_size=5))
def test_overrides_name_commands_in_any_letter_case(limits: dict[str, RateLimit]) -> None:
    text = " , ".join(f"{name.upper()} = {limit.hits}/{limit.seconds}" for name, limit in limits.items())
    assert parse_overrides(text) == limits


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("event.track", "event.track=50000/60"),
        ("=5/60", "event.track=50000/60"),
        ("event track=5/60", "'event track=5/60' is not"),
        ("event.track=fast", "event.track: 'fast' is not a rate limit"),
        ("event.track=0/60", "event.track: a rate limit allows 1 to"),
        ("event.track=5/60,Event.Track=6/60", "event.track is given two"),
    ],
)
def test_an_override_that_cannot_be_read_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refusal:
        parse_overrides(text)
    assert says in str(refusal.value)


def test_no_overrides_are_none() -> None:
    assert parse_overrides("") == parse_overrides(" , ") == {}
