"""`list.update`: the settings of a list are kept, each by itself, on every database."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from tests.client import Client, Shop
from tracker.storage.accounts.list_settings import ListSettings, ListSettingsStore

ALL: dict[str, Any] = {
    "allowed_origins": ("https://shop.example", "https://www.shop.example:8443"),
    "is_privacy_signal_honoured": True,
    "is_address_kept": True,
    "retention_days": 365,
    "events_from": 1_800_000_000_000,
    "hidden_parameters": ("*token", "voucher"),
}


@pytest.fixture
def settings(client: Client) -> ListSettingsStore:
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


def test_another_process_sees_a_change_within_five_seconds(client: Client, shop: Shop) -> None:
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
