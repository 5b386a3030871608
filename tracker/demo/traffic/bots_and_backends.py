"""Traffic of robots, which read pages, and of the shop's back end, whose events name no list."""

from __future__ import annotations

from random import Random
from typing import Any

from tracker.demo.traffic.browsing import Browsing, VisitStep
from tracker.demo.traffic.devices import robot
from tracker.demo.traffic.goods import Source, products


def robots_visit(random: Random) -> list[VisitStep]:
    """Yield a robot's events: page after page, without a pause."""
    browsing = Browsing(random, robot(random), "en-US", Source(""), is_hurried=True)
    browsing.land("/", "Tea and what it takes")
    for product in random.sample(products(), random.randint(1, 5)):
        browsing.view(product.path, product.name)
    return browsing.steps


def programs_report(random: Random) -> list[VisitStep]:
    """Return an event of the back end that belongs to no list."""
    name, properties = random.choice((_stock, _price_list, _backup))(random)
    return [VisitStep(0, {"Event": name, "Properties": properties}, is_listless=True)]


def _stock(random: Random) -> tuple[str, dict[str, Any]]:
    return "stock_low", {"sku": random.choice(products()).id, "left": random.randint(0, 9)}


def _price_list(random: Random) -> tuple[str, dict[str, Any]]:
    return "price_list_imported", {
        "rows": random.randint(200, 900),
        "seconds": round(random.uniform(1, 30), 1),
    }


def _backup(random: Random) -> tuple[str, dict[str, Any]]:
    return "backup_finished", {
        "host": f"db-{random.randint(1, 3)}",
        "megabytes": random.randint(800, 2_000),
        "ok": random.random() > 0.05,
    }
