"""Which events does the ledger client send? Made up from a seed; each carries its number in its properties."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

NAMES = [
    "page_view",
    "Page_view",
    "signup",
    "cart add",
    "prìce",
    "🛒",
    "a" * 200,
    "trailing ",
    "search",
    "login",
]
TEXTS = ["", "ä 🎉 ß", "Robert'); DROP TABLE events;--", "x" * 300, '\\"{}', "\u2028line"]
CURRENCIES = [None, "EUR", "USD"]


@dataclass(slots=True)
class Made:
    n: int
    kind: str
    params: dict[str, Any]


class Imagination:
    """Makes events. `lists` are the caller's own (None: no ListID), `foreign_list` is somebody else's."""

    def __init__(
        self,
        seed: int,
        lists: list[int | None],
        foreign_list: int,
        first: int = 1,
        new_name_share: float = 0.05,
    ) -> None:
        self._random = random.Random(seed)
        self._lists, self._foreign_list = lists, foreign_list
        self._next, self._new_name_share = first, new_name_share
        self._prefix = f"{seed:x}"

    def event(self) -> Made:
        n, self._next = self._next, self._next + 1
        params = self._good(n)
        roll = self._random.random()
        if roll < 0.02:
            params["Properties"]["isTest"] = True
            return Made(n, "test", params)
        if roll < 0.06:
            params |= self._random.choice(self._mistakes())
            return Made(n, "bad", params)
        return Made(n, "good", params)

    def _good(self, n: int) -> dict[str, Any]:
        roll = self._random
        params: dict[str, Any] = {"Event": self._name(n), "Properties": self._properties(n)}
        list_id = roll.choice(self._lists)
        if list_id is not None:
            params["ListID"] = list_id
        if roll.random() < 0.6:
            params["EventID"] = f"e-{self._prefix}-{n}"
        if roll.random() < 0.1:
            params["Timestamp"] = int(time.time() * 1000) - roll.randrange(3_600_000)
        if params["Event"] == "conversion":
            params["Properties"] |= self._conversion(n)
        return params | self._whose(n)

    def _whose(self, n: int) -> dict[str, Any]:
        roll, said = self._random, {}
        if roll.random() < 0.7:
            said["UUID"] = str(UUID(int=(roll.randrange(300) + 1) << 64 | 0x8000_0000_0000_0001))
        if roll.random() < 0.15:
            said["Email"] = f"Person{roll.randrange(60)}@example.com"
        elif roll.random() < 0.02:
            said["Email"] = f"new{n}@example.com"
        if roll.random() < 0.1:
            said["ID"] = f"customer-{roll.randrange(40)}"
        return said

    def _name(self, n: int) -> str:
        if self._random.random() < self._new_name_share:
            return f"new name {self._prefix} {n}"
        roll = self._random.random()
        if roll < 0.07:
            return "conversion"
        return "identify" if roll < 0.09 else self._random.choice(NAMES)

    def _properties(self, n: int) -> dict[str, Any]:
        properties: dict[str, Any] = {
            "n": n,
            "text": self._random.choice(TEXTS),
            "deep": {"z": [1, 2.5, None], "a": True},
        }
        if self._random.random() < 0.03:
            properties[f"new property {n}"] = n
        return properties

    def _conversion(self, n: int) -> dict[str, Any]:
        order = self._random.choice([f"order {n}", f"order {n}", f"order {self._random.randrange(20)}"])
        value = self._random.choice([0, 19.99, "7.5", -3, 0.1, 123_456_789])
        said = {
            "conversion-id": order,
            "conversion-name": self._random.choice(["sale", "lead"]),
            "conversion-value": value,
        }
        currency = self._random.choice(CURRENCIES)
        return said | ({"conversion-currency": currency} if currency else {})

    def _mistakes(self) -> list[dict[str, Any]]:
        return [
            {"Event": " "},
            {"ListID": self._foreign_list},
            {"Email": "not an address"},
            {"UUID": "no uuid"},
            {"EventID": "not an id!"},
        ]
