"""`list.update`: the settings of a list are kept, each by itself, on every database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tracker.domain.channel_rules import ChannelRule, ChannelRules
from tracker.storage.accounts.list_settings import ListSettings, ListSettingsStore

ALL: dict[str, Any] = {
    "allowed_origins": ("https://shop.example", "https://www.shop.example:8443"),
    "is_privacy_signal_honoured": True,
    "is_address_kept": True,
    "retention_days": 365,
    "events_from": 1_800_000_000_000,
    "hidden_parameters": ("*token", "voucher"),
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "visit_gap_minutes": 45,
    "channel_rules": ChannelRules(
        (ChannelRule("source", "お茶", "Tea blogs"), ChannelRule("click_id", "cjEvent", "Partners"))
    ),
    "own_networks": ("192.0.2.0/24", "2001:db8::/48"),
    "products": ("", "add_to_cart", "見た", "item_id", "", "", "", ""),
}
RULES = [
    {"Match": "source", "Value": "partner", "Channel": "Partners"},
    {"Match": "click_id", "Value": "cjEvent", "Channel": "Partners"},
    {"Match": "domain", "Value": "blog.example", "Channel": "Tea blogs"},
]


@pytest.fixture
def settings(client: InProcess) -> ListSettingsStore:
    found: ListSettingsStore = client.services.stores.list_settings
    return found


def test_a_list_that_was_never_set_has_the_defaults(settings: ListSettingsStore, shop: Shop) -> None:
    assert settings.of(shop.list_id) == ListSettings()


@pytest.mark.parametrize("name", list(ALL))
def test_one_is_changed_and_the_others_stay(settings: ListSettingsStore, shop: Shop, name: str) -> None:
    assert settings.change(shop.list_id, **{name: ALL[name]}) == ListSettings(**{name: ALL[name]})
    assert asdict(settings.of(shop.list_id)) == asdict(ListSettings()) | {name: ALL[name]}
    default = getattr(ListSettings(), name)
    settings.change(shop.list_id, **{name: default})
    assert settings.of(shop.list_id) == ListSettings()


def test_another_process_sees_a_change_within_five_seconds(client: InProcess, shop: Shop) -> None:
    seconds = [0.0]
    here, there = (ListSettingsStore(client.services.storage, lambda: seconds[0]) for _ in range(2))
    assert there.of(shop.list_id) == ListSettings()
    assert here.change(shop.list_id, **ALL) == ListSettings(**ALL)
    seconds[0] = 5.0
    assert there.of(shop.list_id) == ListSettings(**ALL)


def test_origins_that_are_too_long_to_keep_change_nothing(settings: ListSettingsStore, shop: Shop) -> None:
    with pytest.raises(ValueError, match="4000 bytes"):
        settings.change(shop.list_id, allowed_origins=("https://shop.example",) * 300, retention_days=1)
    assert settings.of(shop.list_id) == ListSettings()


def test_none_hidden_is_not_the_same_as_never_set(settings: ListSettingsStore, shop: Shop) -> None:
    assert settings.change(shop.list_id, hidden_parameters=()).hidden_parameters == ()
    assert settings.of(shop.list_id).hidden_parameters == ()


def test_a_name_that_is_no_setting_is_refused(settings: ListSettingsStore, shop: Shop) -> None:
    with pytest.raises(TypeError):
        settings.change(shop.list_id, retention_day=1)


def test_time_and_money_of_a_list_are_set_shown_and_unset(client: InProcess, shop: Shop) -> None:
    sent: dict[str, Any] = {
        "Timezone": "Asia/Kolkata",
        "Currency": "JPY",
        "VisitGapMinutes": "60",
        "ChannelRules": RULES,
    }
    answer = client.call("list.update", shop.key, ListID=shop.list_id, **sent)
    assert answer.status == 200
    expected = sent | {"VisitGapMinutes": 60}
    described = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]
    for found in (answer.body, described):
        assert {name: found[name] for name in expected} == expected
    unset: dict[str, Any] = {"Currency": "", "ChannelRules": []}
    answer = client.call("list.update", shop.key, ListID=shop.list_id, **unset)
    assert {name: answer.body[name] for name in expected} == expected | unset


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("Timezone", "Mars/Olympus", 12),
        ("Timezone", "europe/berlin", 12),
        ("Timezone", "Factory", 12),
        ("Timezone", "", 12),
        ("Timezone", "../../etc/passwd", 12),
        ("Timezone", 1, 12),
        ("Currency", "eur", 13),
        ("Currency", "EURO", 13),
        ("Currency", "EUR\n", 13),
        ("Currency", ["EUR"], 13),
        ("VisitGapMinutes", 0, 14),
        ("VisitGapMinutes", 241, 14),
        ("VisitGapMinutes", 1.5, 14),
        ("OwnNetworks", {}, 18),
        ("OwnNetworks", ["192.0.2.1"] * 101, 18),
        ("OwnNetworks", ["192.0.2.0/33"], 18),
        ("OwnNetworks", ["0.0.0.0/0"], 18),
        ("OwnNetworks", ["::/0"], 18),
        ("OwnNetworks", ["fe80::1%eth0"], 18),
        ("OwnNetworks", ["office"], 18),
        ("OwnNetworks", [7], 18),
        ("ChannelRules", {}, 15),
        ("ChannelRules", [RULES[0]] * 51, 15),
        ("ChannelRules", ["partner"], 15),
        ("ChannelRules", [RULES[0] | {"Match": "campaign"}], 15),
        ("ChannelRules", [RULES[0] | {"Match": ["source"]}], 15),
        ("ChannelRules", [RULES[0] | {"Value": ""}], 15),
        ("ChannelRules", [RULES[0] | {"Value": "x" * 256}], 15),
        ("ChannelRules", [RULES[0] | {"Channel": "x" * 65}], 15),
        ("ChannelRules", [RULES[0] | {"Channel": " Partners"}], 15),
        ("ChannelRules", [RULES[0] | {"Channel": "a\0b"}], 15),
        ("ChannelRules", [RULES[0] | {"Channel": None}], 15),
        ("ChannelRules", [RULES[0] | {"Order": 1}], 15),
        ("ChannelRules", [RULES[2] | {"Value": "https://blog.example/"}], 15),
        ("Products", [], 16),
        ("Products", "view_item", 16),
        ("Products", {"Sold": "x", "ID": "sku", "Seen": "x"}, 16),
        ("Products", {"ID": 5, "Seen": "x"}, 16),
        ("Products", {"ID": "a\nb", "Seen": "x"}, 16),
        ("Products", {"ID": "x" * 256, "Seen": "x"}, 16),
        ("Products", {"ID": " sku", "Seen": "x"}, 16),
        ("Products", {"ID": None, "Seen": "x"}, 16),
        ("Products", {"Seen": "x"}, 16),
        ("Products", {"ID": "sku"}, 16),
    ],
)
def test_what_is_none_of_them_is_refused_and_changes_nothing(
    client: InProcess, shop: Shop, settings: ListSettingsStore, name: str, value: Any, code: int
) -> None:
    answer = client.call("list.update", shop.key, ListID=shop.list_id, RetentionDays=1, **{name: value})
    assert (answer.status, answer.codes) == (422, [code])
    assert settings.of(shop.list_id) == ListSettings()


def test_names_of_products_are_suggested_until_they_are_confirmed(client: InProcess, shop: Shop) -> None:
    client.ok(
        "event.track",
        shop.key,
        ListID=shop.list_id,
        Event="Product Viewed",
        Properties={"sku": "cup", "price": 5},
    )
    client.services.ingest.flush()

    def products() -> dict[str, Any]:
        found: dict[str, Any] = client.ok("list.get", shop.key, ListID=shop.list_id)["List"]["Products"]
        return found

    misspelled = {"Event": "ProductViewed", "Properties": {"SKU": "cup"}}
    again = {"Event": "Product Viewed", "Properties": {"sku": "cup", "price": 5}}
    client.ok("event.batch", shop.key, ListID=shop.list_id, Events=[misspelled, again])
    client.services.ingest.flush()
    suggested = products()
    assert suggested == {
        "Seen": "Product Viewed", "InCart": "add_to_cart", "Bought": "conversion", "ID": "sku", "Name": "product_name",
        "Price": "price", "Quantity": "quantity", "Items": "items", "Suggested": True,
    }  # fmt: skip
    mended = suggested | {"Bought": "purchase"}
    answer = client.ok("list.update", shop.key, ListID=shop.list_id, Products=mended)
    assert answer["Products"] == products() == mended | {"Suggested": False}
    answer = client.ok(
        "list.update", shop.key, ListID=shop.list_id, Products={"Seen": "seen", "Items": "goods"}
    )
    nothing = dict.fromkeys(("InCart", "Bought", "ID", "Name", "Price", "Quantity"), "")
    assert answer["Products"] == {**nothing, "Seen": "seen", "Items": "goods", "Suggested": False}
    assert client.ok("list.update", shop.key, ListID=shop.list_id, Products={})["Products"] == suggested
