"""Does the SHA-256 of an address name it in the forms that clients hash?"""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.formats.email_hash import Form, email_hashes


def of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@pytest.mark.parametrize(
    ("held", "forms"),
    [
        ("jane@example.com", {"jane@example.com": Form.AS_HELD}),
        ("Jane@Example.com", {"Jane@Example.com": Form.AS_HELD, "jane@example.com": Form.LOWER_CASE}),
        (
            "J.Ane+news@Gmail.com",
            {
                "J.Ane+news@Gmail.com": Form.AS_HELD,
                "j.ane+news@gmail.com": Form.LOWER_CASE,
                "jane@gmail.com": Form.PROVIDER,
            },
        ),
        ("jane@googlemail.com", {"jane@googlemail.com": Form.AS_HELD, "jane@gmail.com": Form.PROVIDER}),
        ("j.ane+x@icloud.com", {"j.ane+x@icloud.com": Form.AS_HELD, "j.ane@icloud.com": Form.PROVIDER}),
        ("j.ane+x@example.com", {"j.ane+x@example.com": Form.AS_HELD}),
        ("+x@outlook.com", {"+x@outlook.com": Form.AS_HELD}),
        (
            "Jörg@Bücher.example",
            {"Jörg@Bücher.example": Form.AS_HELD, "jörg@bücher.example": Form.LOWER_CASE},
        ),
    ],
)
def test_an_address_is_named_by_its_three_spellings(held: str, forms: dict[str, Form]) -> None:
    assert email_hashes(held) == {of(text): form for text, form in forms.items()}


@given(
    st.text("aB.+-", min_size=1, max_size=8), st.sampled_from(["gmail.com", "GoogleMail.com", "a.example"])
)
def test_every_spelling_of_one_mailbox_has_a_hash_in_common(name: str, domain: str) -> None:
    held, lower = f"{name}@{domain}", f"{name}@{domain}".lower()
    assert email_hashes(held)[of(held)] is Form.AS_HELD
    assert of(lower) in email_hashes(held)
    dotted, plain = f"x{'.'.join(name)}+tag@gmail.com", f"x{name}@googlemail.com"
    assert email_hashes(dotted).keys() & email_hashes(plain).keys()
