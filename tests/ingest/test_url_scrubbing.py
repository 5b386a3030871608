"""What is left of the address of a page that says what nobody needs to know?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conventions.sources import ROOT
from tracker.domain.url_scrubbing import DEFAULT_HIDDEN, MAX_PARTS, hidden, scrubbed

PAGE = "https://shop.example/x"
#: Behind PAGE: what was sent, what is left.
SCRUBBED = [
    ("?token=abc", ""),
    ("?a=1&token=abc&b=2", "?a=1&b=2"),
    ("?token=abc&b=2", "?b=2"),
    ("?accessToken=1&id_token=2&refresh-token=3&CSRF_TOKEN=4&reset_password_token=5", ""),
    ("?code=1&state=CA", "?state=CA"),
    ("?Password=x&new_password=y&PWD=z", ""),
    ("?user%5Bemail%5D=jane&user[password]=x&user[name]=jane", "?user[name]=jane"),
    ("?%74oken=abc", ""),
    ("?X-Amz-Credential=a%2Fb&X-Amz-Signature=c&X-Amz-Date=d", "?X-Amz-Date=d"),
    ("?a=1;sid=2;b=3", "?a=1;b=3"),
    ("?token=a/b?c!d=e==&b=2", "?b=2"),
    ("?password=a%26b&b=2", "?b=2"),
    # an address inside
    ("?next=/y?token=abc&b=2", "?next=/y&b=2"),
    ("?r=https%3A%2F%2Fa.example%2F%3Fpassword%3Dx%26c%3D1&b=2", "?r=https%3A%2F%2Fa.example%2F%3Fc%3D1&b=2"),
    ("?r=y%253Ftoken%253Dabc%2526c%253D1&b=2", "?r=y%253Fc%253D1&b=2"),
    # an email address, whatever it is called
    ("?u=jane%40shop.example&b=2", "?b=2"),
    ("?utm_term=jane%40shop%2Eexample&b=2", "?b=2"), ("?u=jane%40sh%6fp.ex%61mple&b=2", "?b=2"),
    ("?u=jane%2540shop%252Eexample&b=2", "?b=2"),
    ("?jane@shop.example", ""),
    ("?r=%252Fu%253Fu%253Djane%252540shop.example", "?r=%252Fu"),
    # fragments
    ("#size", ""),
    ("#access_token=abc&state=x", ""),
    ("?a=1#top", "?a=1"),
    ("#/cart?token=abc&b=2", "#/cart?b=2"),
    ("#!/cart?email=jane&b=2", "#!/cart?b=2"),
    ("#/access_token=abc&expires_in=3600", "#/expires_in=3600"),
]  # fmt: skip
KEPT = [
    "", "?", "?a", "?a=1&b=2", "?&&a=1&", "#/cart", "#!/cart?a=1", "?utm_source=a&utm_medium=email&utm_campaign=key&utm_id=1",
    "?gclid=1&fbclid=2&msclkid=3&ttclid=4&_ga=5", "?iphone=15&monkey=1&zipcode=80331&design=2&keyword=shoes&passenger=2",
    "?ll=@52.37,4.89", "?by=@jane", "?q=a%2540b", "?q=100%", "?page=2&sort=price", "?a=%F0%9F%98%80",
]  # fmt: skip


@pytest.mark.parametrize(("sent", "left"), SCRUBBED)
def test_what_is_hidden_is_left_out_and_the_rest_stays(sent: str, left: str) -> None:
    assert scrubbed(PAGE + sent, hidden(None)) == PAGE + left


@pytest.mark.parametrize("sent", KEPT)
def test_what_has_nothing_to_hide_stays_byte_for_byte(sent: str) -> None:
    assert scrubbed(PAGE + sent, hidden(None)) == PAGE + sent


@pytest.mark.parametrize("user", ["jane", "jane:secret", "jane:a@b", ":"])
def test_the_user_of_an_address_is_never_kept(user: str) -> None:
    assert (
        scrubbed(f"https://{user}@shop.example/@jane?a=@b", hidden(())) == "https://shop.example/@jane?a=@b"
    )
    assert scrubbed("https://shop.example/jane@x", hidden(None)) == "https://shop.example/jane@x"


def test_a_list_may_hide_other_names() -> None:
    address = PAGE + "?token=1&Voucher_Code=2&u=jane@shop.example#/r?b_id=3"
    assert scrubbed(address, hidden(())) == address
    assert scrubbed(address, hidden(("vouchercode", "*-id"))) == PAGE + "?token=1&u=jane@shop.example#/r"
    assert scrubbed(address, hidden(("E-Mail",))) == PAGE + "?token=1&Voucher_Code=2#/r?b_id=3"


def test_no_name_is_there_twice() -> None:
    folded = [name.lower().replace("_", "") for name in DEFAULT_HIDDEN]
    assert len(set(folded)) == len(folded)


PARTS = st.sampled_from(["a=1", "token=x", "b%3D2", "email%3Dx", "a@b.cd", "x", ""])
SEPARATORS = st.sampled_from(["?", "&", ";", "/", "%26", "%3F", "%2526", "#", "#/"])


@given(st.lists(st.tuples(SEPARATORS, PARTS)))
def test_scrubbed_once_is_scrubbed(parts: list[tuple[str, str]]) -> None:
    once = scrubbed(PAGE + "?" + "".join(map("".join, parts)), hidden(None))
    assert scrubbed(once, hidden(None)) == once
    assert "token" not in once
    assert "@" not in once


@given(st.text())
def test_any_text_is_taken_and_made_no_longer(text: str) -> None:
    assert len(scrubbed(text, hidden(None))) <= len(text)


def test_the_defaults_are_written_down() -> None:
    """Whoever reads of the setting sees what it does before anybody has set it."""
    [quoted] = re.findall(r"(?:^> .*\n)+", (ROOT / "docs/browser.md").read_text(), re.M)
    assert tuple(re.findall(r"`([^`]+)`", quoted)) == DEFAULT_HIDDEN


def test_no_address_takes_long() -> None:
    """What comes after very many parameters is left out, since nobody has looked at it."""
    many = "&".join(["p=v"] * 4_000)
    cleaned = scrubbed(f"https://shop.example/?token=x&{many}&token=y", hidden(None))
    assert cleaned.startswith("https://shop.example/?p=v&p=v")
    assert "token" not in cleaned
    assert len(cleaned.split("&")) < MAX_PARTS
    address = f"https://shop.example/?{many}"
    assert scrubbed(address, hidden(None)) == address, "it has nothing to hide"
