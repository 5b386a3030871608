"""Can script and door be found under other names, and does the snippet of `list.get` say what the list wants?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.shop import Shop
from tests.browser.websites import Website
from tests.client import InProcess
from tests.served import StartTracker, make_account
from tracker.config import ConfigError, Settings

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


def test_path_and_name_are_settings(
    start_tracker: StartTracker, website: Website, visit: BrowserContext
) -> None:
    """Blockers match names."""
    renamed = start_tracker(
        settings={"TRACKER_SCRIPT_PATH": "/lib/shop.js", "TRACKER_COLLECT_PATH": "/lib/in"}
    )
    account = make_account(renamed, "renamed@example.com", "*")
    shop = Shop(renamed, account, website, account.list_id)
    assert f'src="{renamed.url}/lib/shop.js"' in shop.snippet
    shop.open(visit)
    shop.wait_for({"page_view": 1})
    assert renamed.get("/tracker.js").status == 404
    assert renamed.post(f"/t/{shop.tracker_id}", json={"Event": "x"}).status == 404


def test_the_snippet_names_where_browsers_reach_tracker_and_what_the_list_honours(
    sqlite_url: str, tmp_path: Path
) -> None:
    client = InProcess(sqlite_url, tmp_path, {"TRACKER_PUBLIC_URL": "https://events.example.com/"})
    jane = client.open_shop("jane@example.com")
    found = client.ok("list.get", jane.key, ListID=jane.list_id)["List"]
    assert 'src="https://events.example.com/tracker.js"' in found["EventTrackerJS"]
    assert f'data-to="https://events.example.com/t/{found["EventListTrackerID"]}"' in found["EventTrackerJS"]
    assert "data-gpc" not in found["EventTrackerJS"]
    client.services.stores.list_settings.change(jane.list_id, is_privacy_signal_honoured=True)
    assert 'data-gpc="1"' in client.ok("list.get", jane.key, ListID=jane.list_id)["List"]["EventTrackerJS"]
    client.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_PUBLIC_URL", "events.example.com"), ("TRACKER_PUBLIC_URL", "https://a.example/path"),
        ("TRACKER_SCRIPT_PATH", "tracker.js"), ("TRACKER_SCRIPT_PATH", "/api/x.js"), ("TRACKER_SCRIPT_PATH", "/x"),
        ("TRACKER_COLLECT_PATH", "/"), ("TRACKER_COLLECT_PATH", "/t/"), ("TRACKER_COLLECT_PATH", "/api"),
        ("TRACKER_COLLECT_PATH", "/lists"), ("TRACKER_COLLECT_PATH", "/console/in"), ("TRACKER_CONSOLE", "off"),
        ("TRACKER_TRUSTED_PROXIES", "-1"), ("TRACKER_TRUSTED_PROXIES", "many"),
        ("TRACKER_LIMITS", "event.collect.nobody=1/1"), ("TRACKER_LIMITS", "event.track.address=1/1"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_stops_the_start(sqlite_url: str, tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        InProcess(sqlite_url, tmp_path, {name: value})
    assert Settings.from_environ({}).public_url == "http://127.0.0.1:8000"
