"""Made-up copy: a list's DuckDB file with millions of events of a year, as a shop with a blog would have them.

`python -m bench.reports_copy FILE [EVENTS]` makes it in about two minutes for ten million events, 25 event names, 200,000 visitors,
60,000 persons and 1.25 million visits, by SQL alone.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.analytics.copy.copy_visits import fill_visits, make_visits

VISIT_GAP_MS = 1_800_000
YEAR_MS, BEGINS = 365 * 86_400_000, 1_764_201_600_000  # 2025-11-27
EVENTS, EVENTS_A_VISIT, VISITORS, PERSONS = 10_000_000, 8, 200_000, 60_000
NAMES = ("page_view", "view_product", "add_to_cart", "search", "identify", "conversion", "click", "scroll")

#: Property -> (its text by `v` (the visit's hash), `h` (the event's hash) and `k` (its place in the visit), has numbers).
PROPERTIES: dict[str, tuple[str, bool]] = {
    "$pathname": ("'/products/p-' || least(h[1] % 3000, h[2] % 3000, h[3] % 3000)", False),
    "$host": ("'shop.example'", False),
    "$current_url": ("'https://shop.example/products/p-' || (h[1] % 3000) || '?v=' || (h[2] % 400)", False),
    "$referring_domain": ("CASE WHEN k = 0 AND v % 3 = 0 THEN 'site-' || (v % 900) || '.example' END", False),
    "$channel": (
        "CASE WHEN k = 0 THEN (['Direct','Search','Social','Email','Campaign','Referral'])[1 + v % 6] END",
        False,
    ),
    "$utm_source": ("CASE WHEN k = 0 AND v % 4 = 0 THEN 'source-' || (v // 4 % 12) END", False),
    "utm_source": ("CASE WHEN v % 4 < 3 THEN 'source-' || (v // 4 % 12) END", False),
    "$utm_campaign": ("CASE WHEN k = 0 AND v % 4 = 0 THEN 'campaign-' || (v // 4 % 120) END", False),
    "$browser": ("(['Chrome','Safari','Firefox','Edge','Samsung Internet'])[1 + least(v % 5, v // 5 % 5)]", False),
    "$os": ("(['Windows','iOS','Android','Mac OS X','Linux'])[1 + v // 25 % 5]", False),
    "$device_type": ("(['Desktop','Mobile','Tablet'])[1 + least(v % 3, v // 7 % 3)]", False),
    "$timezone": ("(['Europe/Berlin','Europe/Paris','America/New_York','Asia/Tokyo'])[1 + v // 125 % 4]", False),
    "$language": ("(['de','fr','en-US','ja','en-GB'])[1 + v // 500 % 5]", False),
    "session": ("'s-' || v", False),
    "product_id": ("CASE WHEN h[4] % 4 = 0 THEN 'cup-' || (h[5] % 2000) END", False),
    "price": ("CASE WHEN h[4] % 4 = 0 THEN CAST((h[5] % 20000) / 100 AS VARCHAR) END", True),
    "quantity": ("CASE WHEN h[4] % 8 = 0 THEN CAST(1 + h[6] % 5 AS VARCHAR) END", True),
    "conversion-value": ("CASE WHEN name = 'conversion' THEN CAST((h[5] % 20000) / 100 AS VARCHAR) END", True),
    "plan": ("CASE WHEN v % 10 = 0 THEN (['free','club','club plus'])[1 + v % 3] END", False),
    "query": ("CASE WHEN name = 'search' THEN 'words ' || (h[6] % 50000) END", False),
    "$screen_width": ("CAST(320 + 80 * (v % 20) AS VARCHAR)", True),
    "variant": ("(['a','b'])[1 + v % 2]", False),
}  # fmt: skip


def make_copy(connection: Any, events: int = EVENTS) -> None:
    """Fill the connected, empty database with the tables of a copy."""
    connection.execute("SET preserve_insertion_order = false")
    _make_ties(connection)
    columns = list(PROPERTIES.items())
    declared = ", ".join(
        f"p{number} VARCHAR" + (f", n{number} DOUBLE" if has_numbers else "")
        for number, (_, (_, has_numbers)) in enumerate(columns)
    )
    connection.execute(
        'CREATE TABLE e (id BIGINT, "at" BIGINT, name VARCHAR, tie INTEGER, is_robot BOOLEAN, is_bot BOOLEAN, is_counted BOOLEAN, '
        f"worth DECIMAL(38,6), currency VARCHAR, rest VARCHAR, {declared})"
    )
    for month in range(12):
        connection.execute(_month(month, events // EVENTS_A_VISIT, columns))
    connection.execute("CREATE TABLE columns (property VARCHAR, col INTEGER, has_numbers BOOLEAN)")
    connection.executemany(
        "INSERT INTO columns VALUES (?, ?, ?)",
        [(name, number, has_numbers) for number, (name, (_, has_numbers)) in enumerate(columns)],
    )
    _make_visits(connection)
    connection.execute("CREATE TABLE state (reached BIGINT, change BIGINT, as_of BIGINT, format INTEGER)")
    connection.execute("INSERT INTO state VALUES (0, 0, ?, 1)", [BEGINS + YEAR_MS])
    connection.execute("CHECKPOINT")


def _make_visits(connection: Any) -> None:
    """The visits of the default gap, month by month as a build makes them."""
    columns = [
        PropertyColumn(name, n, has_numbers) for n, (name, (_, has_numbers)) in enumerate(PROPERTIES.items())
    ]
    [(copy,)] = connection.execute("SELECT current_database()").fetchall()
    month = YEAR_MS // 12
    make_visits(connection, copy, columns)
    pieces = [(begins, begins + month) for begins in range(BEGINS, BEGINS + YEAR_MS + month, month)]
    fill_visits(connection, copy, columns, VISIT_GAP_MS, f"{copy}.slots", pieces)


def _make_ties(connection: Any) -> None:
    """A third of the visitors are persons; a tie beyond VISITORS is of events that name the person."""
    connection.execute(
        "CREATE TABLE who AS SELECT CAST(i AS INTEGER) AS tie, "
        f"CASE WHEN i % {VISITORS} < {PERSONS} THEN 10000000 + i % {VISITORS} ELSE i END AS actor, "
        f"CASE WHEN i % {VISITORS} < {PERSONS} THEN 10000000 + i % {VISITORS} END AS person, "
        f"i % {VISITORS} AS visitor FROM range({VISITORS + PERSONS}) t(i)"
    )
    connection.execute("CREATE TABLE ties AS SELECT tie, visitor, 0 AS span, person AS named FROM who")
    connection.execute(
        "CREATE TABLE fields AS SELECT 10000000 + i AS person, 1::BIGINT AS field, "
        f"(['free','club'])[1 + i % 2] AS value, NULL::DOUBLE AS number FROM range({PERSONS}) t(i)"
    )


def _month(month: int, visits: int, columns: list[tuple[str, tuple[str, bool]]]) -> str:
    """The statement that adds the events of a month, laid by name and time as compaction lays them."""
    texts = ", ".join(f"{text} AS p{number}" for number, (_, (text, _)) in enumerate(columns))
    named = ", ".join(
        f"p{number}" + (f", CAST(p{number} AS DOUBLE)" if has_numbers else "")
        for number, (_, (_, has_numbers)) in enumerate(columns)
    )
    names = ", ".join(f"'{name}'" for name in NAMES)
    return f"""
        INSERT INTO e WITH visit AS (
            SELECT i, CAST(hash(i) >> 8 AS BIGINT) AS v FROM range({visits * month // 12}, {visits * (month + 1) // 12}) t(i)
        ), event AS (
            SELECT v, k, i * 32 + k AS id, CAST(hash(i, k) >> 8 AS BIGINT) AS g,
                {BEGINS} + {month} * {YEAR_MS // 12} + v % {YEAR_MS // 12} + k * (v % 90000) AS "at"
            FROM (SELECT i, v, unnest(range(1 + v // 16 % {2 * EVENTS_A_VISIT - 1})) AS k FROM visit)
        ), drawn AS (
            SELECT *, [g, g // 4096, g // 65536, g // 1048576, g // 16777216, g // 268435456] AS h,
                CASE WHEN g % 20000 < 70 THEN 'conversion' WHEN g % 1000 < 450 THEN 'page_view' WHEN g % 1000 < 600 THEN 'view_product'
                    WHEN g % 1000 < 900 THEN ([{names}])[3 + g // 1000 % 6]
                    ELSE 'event_' || (g // 1000 % 17) END AS name FROM event
        ), told AS (SELECT *, {texts} FROM drawn)
        SELECT id, "at", name, CASE WHEN v % {VISITORS} < {PERSONS} AND h[6] % 8 = 0 THEN {VISITORS} ELSE 0 END + v % {VISITORS},
            v % 83 = 0, v % 83 = 0, name = 'conversion' AND h[6] % 33 > 0,
            CASE WHEN name = 'conversion' AND h[6] % 33 > 0 THEN CAST(h[5] % 20000 AS DECIMAL(38,6)) / 100 END,
            CASE WHEN name = 'conversion' AND h[6] % 33 > 0 THEN (['EUR','EUR','GBP'])[1 + h[2] % 3] END,
            CASE WHEN h[3] % 19 = 0 THEN '{{"cart":{{"total":' || (h[5] % 900) || '}},"note":"n' || (h[6] % 500) || '"}}' END,
            {named}
        FROM told ORDER BY name, "at"
        """


if __name__ == "__main__":
    import duckdb

    target = Path(sys.argv[1])
    target.unlink(missing_ok=True)
    began = time.monotonic()
    with duckdb.connect(str(target), config={"memory_limit": "2GB"}) as opened:
        make_copy(opened, int(sys.argv[2]) if len(sys.argv) > 2 else EVENTS)
    print(f"{time.monotonic() - began:.0f} s, {target.stat().st_size / 2**20:.0f} MB")
