"""Is every spelling of an address the same address, and nothing else one?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.formats.email_address import MAX_ADDRESS_BYTES, MAX_LOCAL_BYTES, email_key

ATOMS = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=8)
LABELS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,8}[A-Za-z0-9])?", fullmatch=True)
LOCALS = st.lists(ATOMS, min_size=1, max_size=4).map(".".join)
DOMAINS = st.builds(lambda labels: ".".join([*labels, "Example"]), st.lists(LABELS, min_size=1, max_size=4))
ADDRESSES = st.builds("{}@{}".format, LOCALS, DOMAINS)
#: Text that nearly is an address, in any script.
LIKELY = st.lists(st.sampled_from([*"a.@-+ \0\n", "ü", "Ä", "ß", "İ", "。", "xn--", "例", "٣", "\u200d", "\ud800", "b.co"])).map("".join)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "shown", "key"),
    [
        ("jane@example.com", "jane@example.com", "jane@example.com"),
        (" Jane.Doe+Tag@Example.COM\r\n", "Jane.Doe+Tag@Example.COM", "jane.doe+tag@example.com"),
        ("\u00a0jane@example.com\ufeff", "jane@example.com", "jane@example.com"),
        ("o'hara@mail.example.co.uk", "o'hara@mail.example.co.uk", "o'hara@mail.example.co.uk"),
        ("j@b.co", "j@b.co", "j@b.co"),
        ("jane@Bücher.example", "jane@Bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@bu\u0308cher.example", "jane@bu\u0308cher.example", "jane@xn--bcher-kva.example"),
        ("jane@XN--Bcher-KVA.example", "jane@XN--Bcher-KVA.example", "jane@xn--bcher-kva.example"),
        ("jane@例え。テスト", "jane@例え。テスト", "jane@xn--r8jz45g.xn--zckzah"),
        ("jane@straße.example", "jane@straße.example", "jane@xn--strae-oqa.example"),
        ("JÖRG@example.com", "JÖRG@example.com", "jörg@example.com"),
        ("jo\u0308rg@example.com", "jo\u0308rg@example.com", "jörg@example.com"),
        ("jane@1und1.de", "jane@1und1.de", "jane@1und1.de"),
        ("jane@x.1a", "jane@x.1a", "jane@x.1a"),
    ],
)
def test_an_address_is_shown_as_given_and_found_by_its_key(text: str, shown: str, key: str) -> None:
    assert email_key(text) == (shown, key)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "jane", "@", "jane@", "@example.com", "jane@localhost", "jane@@example.com", "a@b@example.com",
        "jane doe@example.com", "jane@exam ple.com", "jane\0@example.com", "jane@example.com\0", "ja\nne@example.com",
        ".jane@example.com", "jane.@example.com", "ja..ne@example.com", '"jane"@example.com', "jane@example.com.",
        "jane@.example.com", "jane@example..com", "jane@-example.com", "jane@example-.com", "jane@exa_mple.com",
        "jane@192.0.2.1", "jane@[192.0.2.1]", "jane@example.123", "Jane <jane@example.com>", "jane@example.com,",
        "mailto:jane@example.com", "ja(ne)@example.com", "jane\u200b@example.com", "jane@exa\u200bmple.com\u2003x",
        "jane＠example.com", "ü ber@example.com", "ü..x@example.com", "jane@" + "a" * 64 + ".com", "ü@", "@ü.com",
        "jane@\u0300bücher.example", "jane@ü.123", "jane\ud800@example.com", "jane@ex\ud800ample.com",
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert email_key(text) is None


def test_lengths_at_the_limit_and_one_beyond() -> None:
    longest_local = "a" * MAX_LOCAL_BYTES
    domain = ".".join(["b" * 63, "c" * 63, "d" * (MAX_ADDRESS_BYTES - MAX_LOCAL_BYTES - 1 - 128)])
    assert len(f"{longest_local}@{domain}") == MAX_ADDRESS_BYTES
    assert email_key(f"{longest_local}@{domain}")
    assert email_key(f"{longest_local}@{domain}d") is None
    assert email_key(f"{longest_local}a@b.co") is None
    assert email_key("ü" * (MAX_LOCAL_BYTES // 2) + "@b.co")
    assert email_key("ü" * (MAX_LOCAL_BYTES // 2) + "a@b.co") is None
    assert email_key("a@" + "ü" * MAX_ADDRESS_BYTES + ".co") is None


@given(ADDRESSES)
def test_letter_case_makes_no_difference(address: str) -> None:
    found = email_key(address)
    assert found == (address, address.lower())
    assert email_key(address.upper()) == (address.upper(), found[1])


@given(st.one_of(st.text(), LIKELY, ADDRESSES))
def test_a_key_is_an_address_that_is_its_own_key(text: str) -> None:
    found = email_key(text)
    if found is not None:
        shown, key = found
        assert email_key(key) == (key, key)
        assert email_key(shown) == found
        assert shown in text
        assert key == key.lower()
        assert key.rpartition("@")[2].isascii()
        assert max(len(shown.encode()), len(key.encode())) <= MAX_ADDRESS_BYTES
