"""Which names, IDs, UUIDs and values are taken? The pure checks, fed with whatever there is."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.domain.event import Event, EventIdTaken
from tracker.domain.event_ids import EventIdSigner, sent_key, stored_key
from tracker.domain.row_ids import MAX_AHEAD_MS, received_ms
from tracker.formats import event_limits
from tracker.formats.event_limits import is_hash, visitor_uuid_of_hash
from tracker.formats.placeholders import PLACEHOLDERS, is_placeholder

#: Text as JSON can carry it: no lone surrogates.
TEXT = st.text(st.characters(exclude_categories=("Cs",)))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(st.uuids(), st.sampled_from(["{}", "{{{}}}", "urn:uuid:{}"]), st.booleans(), st.booleans())
def test_every_spelling_of_a_uuid_is_read(
    value: uuid.UUID, frame: str, is_upper: bool, has_hyphens: bool
) -> None:
    text = frame.format(str(value) if has_hyphens else value.hex)
    assert event_limits.parse_uuid(text.upper() if is_upper else text) == value.bytes


@given(TEXT)
@example("urn:uuid:{550e8400-e29b-41d4-a716-446655440000}")
@example("550e8400-e29b-41d4-a716-446655440000\n")
@example("٥50e8400-e29b-41d4-a716-446655440000")
def test_what_is_read_as_a_uuid_is_one(text: str) -> None:
    value = event_limits.parse_uuid(text)
    assert value is None or uuid.UUID(text).bytes == value


@given(st.binary(min_size=16, max_size=16))
def test_only_nil_and_max_name_nobody(value: bytes) -> None:
    is_nobody = value in (bytes(16), b"\xff" * 16)
    assert (event_limits.parse_uuid(str(uuid.UUID(bytes=value))) is None) is is_nobody


@given(VALUES)
def test_a_conversion_value_is_a_finite_number_within_its_bounds(value: Any) -> None:
    if event_limits.is_conversion_value(value):
        number = float(value)
        assert math.isfinite(number)
        assert abs(number) <= event_limits.MAX_VALUE
        assert not isinstance(value, bool)


@given(st.integers(-event_limits.MAX_VALUE, event_limits.MAX_VALUE), st.integers(0, 6))
def test_every_amount_of_money_is_one_as_number_and_as_text(millionths: int, places: int) -> None:
    text = f"{millionths / 10**6:.{places}f}"
    assert event_limits.is_conversion_value(text)
    assert event_limits.is_conversion_value(float(text))


@given(st.text("0123456789+-.eE_ \t\n\0xX１٣²infa", max_size=12))
def test_text_is_a_number_for_us_only_if_it_is_one_for_json_or_a_form(text: str) -> None:
    if event_limits.is_conversion_value(text):
        assert text.isascii()
        assert "_" not in text
        float(text)


@given(TEXT)
def test_a_name_without_fault_fits_its_column(name: str) -> None:
    if event_limits.name_fault(name) is None:
        assert len(name.encode()) <= 200
        assert "\0" not in name
    else:
        assert len(name.encode()) > 200 or "\0" in name


@given(TEXT)
@example("İ" * 127)
def test_an_id_without_fault_fits_its_column(external_id: str) -> None:
    if event_limits.external_id_fault(external_id) is None:
        assert 0 < len(external_id.encode()) <= 255
        assert not any(ord(character) < 32 for character in external_id)


@pytest.mark.parametrize("word", sorted(PLACEHOLDERS))
def test_placeholders_are_known_in_any_case_and_quotes(word: str) -> None:
    for spelling in (word, word.upper(), word.title(), f'"{word}"', f"'{word}'"):
        assert is_placeholder(spelling)
    for other in (word + "1", "x" + word, word + "-" + word):
        assert not is_placeholder(other)


@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=60), VALUES, max_size=6))
def test_properties_without_fault_are_written_and_read_back_as_they_were(properties: dict[str, Any]) -> None:
    assert event_limits.properties_fault(properties) is None or any("\0" in name for name in properties)
    stored = Event(1, "seen", received_at=0, properties=properties).encoded_properties()
    assert stored[:1] == b"\x01"
    assert orjson.loads(stored[1:]) == properties


@given(st.dictionaries(TEXT, VALUES, max_size=6), st.randoms(use_true_random=False))
def test_the_digest_is_of_the_event_and_not_of_the_order_of_its_keys(
    properties: dict[str, Any], random: Any
) -> None:
    shuffled = list(properties.items())
    random.shuffle(shuffled)
    sent = Event(1, "seen", received_at=0, properties=properties)
    again = Event(1, "seen", received_at=5, properties={**dict(shuffled), "$sent_at": 7}, sent_at=9)
    if "$sent_at" not in properties:
        assert sent.digest() == again.digest()
    for other in (
        Event(1, "other", received_at=0, properties=properties),
        Event(1, "seen", received_at=0, properties={**properties, "new": 1}),
        Event(1, "seen", received_at=0, properties=properties, email=("a@b.de", "a@b.de")),
        Event(1, "seen", received_at=0, properties=properties, external_id="x"),
        Event(1, "seen", received_at=0, properties=properties, uuid=bytes(16)),
        Event(1, "seen", received_at=0, properties=properties, claimed_at=1),
    ):
        assert "new" in properties or other.digest() != sent.digest()


#: Of a time that no test reaches.
LATE = 2**42


@given(st.integers(0, 2**63 - 1), VALUES, st.booleans())
def test_an_event_id_of_ours_leads_back_to_its_row_and_to_no_other_event(
    row_id: int, value: Any, is_public: bool
) -> None:
    def event(name: str = "seen", list_id: int = 1, is_public: bool = is_public, **more: Any) -> Event:
        return Event(list_id, name, LATE, properties={"a": value}, is_public=is_public, **more)

    ids = signed_ids()
    key = ids.of(event(row_id=row_id))
    assert event_limits.is_event_id(key)
    assert ids.row_id_in(event(event_key=key)) == row_id
    with pytest.raises(EventIdTaken):
        ids.row_id_in(event("other", event_key=key))
    others = event(list_id=2, event_key=key), event(is_public=not is_public, event_key=key)
    early = replace(event(event_key=key), received_at=received_ms(row_id) - MAX_AHEAD_MS - 1)
    assert [ids.row_id_in(each) for each in (*others, early)] == [None] * 3
    assert signed_ids(b"another").row_id_in(event(event_key=key)) is None


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True))
@example("trk-ffffffffffffffff-" + "A" * 20)
@example("trk-8000000000000000-" + "A" * 20)
@example("trk-0000000000000000-" + "A" * 20)
@example("trk-")
def test_any_other_event_id_is_the_clients_own(key: str) -> None:
    assert event_limits.is_event_id(key)
    event = Event(1, "seen", received_at=0, event_key=key)
    assert signed_ids().row_id_in(event) is None
    public = replace(event, is_public=True)
    assert stored_key(event) == key.encode()
    assert len(stored_key(public)) == len(key)
    assert not stored_key(public).isascii()
    assert sent_key(stored_key(event)) == sent_key(stored_key(public)) == key


def signed_ids(secret: bytes = b"secret") -> EventIdSigner:
    ids = EventIdSigner()
    ids.set_secret(secret)
    return ids


@given(st.from_regex(r"[0-9a-fA-F]{64}", fullmatch=True), st.integers(1, 2**62))
def test_a_hash_has_one_visitor_a_list(external_id: str, list_id: int) -> None:
    assert is_hash(external_id)
    made = uuid.UUID(bytes=visitor_uuid_of_hash(list_id, external_id))
    assert made.variant == uuid.RFC_4122
    assert made.version == 8
    assert visitor_uuid_of_hash(list_id, external_id.upper()) == made.bytes
    assert visitor_uuid_of_hash(list_id + 1, external_id) != made.bytes
    assert not is_hash(external_id[1:])
