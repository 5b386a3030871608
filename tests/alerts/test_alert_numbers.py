"""Alerts of numbers that the reports process counts: what it says is what the alert reads, and what turns it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alerts.conftest import Alarms
from tests.client import Shop
from tests.commands.real_engine import RealEngine
from tracker.domain.alert_rule import HOUR_MS


@pytest.fixture(scope="module")
def database_kind() -> str:
    return "sqlite"


def order(alarms: Alarms, hours_ago: float, name: str, plan: str) -> dict[str, Any]:
    at = alarms.now - int(hours_ago * HOUR_MS)
    about = {"Event": "order", "Email": f"{name}@example.com", "Timestamp": at}
    return {**about, "Properties": {"plan": plan}}


@pytest.mark.processes
def test_an_alert_reads_what_the_report_says(alarms: Alarms, shop: Shop) -> None:
    """People by condition and segment, now and in as many hours before; an event more makes it well."""
    real, client = RealEngine(alarms.client, shop), alarms.client
    before = [order(alarms, 30, name, "pro") for name in ("ada", "bea", "cy", "dan")]
    now = [order(alarms, 2, "ada", "pro"), order(alarms, 1, "bea", "pro"), order(alarms, 1, "eve", "free")]
    real.track(*before, *now)
    rule = [{"Of": "person", "Event": "order", "Is": "happened"}]
    about = {"ListID": shop.list_id, "Name": "Buyers", "Rule": rule}
    segment = client.ok("segment.create", shop.key, **about)["SegmentID"]
    where = [{"Of": "event", "Property": "plan", "Is": "equals", "Value": "pro"}]
    asked = {"Event": "order", "Where": where, "SegmentID": segment}
    total = real.total("people", From="-3d", **asked)
    alarms.make(Kind="number", Is="down", Value=50, Minimum=2, Measure="people", Hours=24, **asked)
    assert total == 4
    assert len(alarms.look()) == 1
    assert alarms.alert["Reading"] == {"Value": 2.0, "Compared": 4.0, "Names": []}
    real.track(order(alarms, 0.01, "cy", "pro"))
    real.ask("reports.trend", Interval="none")
    assert alarms.look(1) == [], "well, but not for long enough"
    assert alarms.alert["Found"] == "It is 3, and was 4 in the 24 hours before"
