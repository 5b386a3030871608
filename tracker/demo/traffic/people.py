"""Made-up people: each has a name, an address, devices and habits, made from a seed and a number."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tracker.demo.traffic.devices import Device, device
from tracker.demo.traffic.words import NAMES, PLANS

#: Custom fields that identify events fill: name, alias, type.
FIELDS = (
    ("First name", "First-Name", "text"),
    ("Last name", "Last-Name", "text"),
    ("Plan", "Plan", "text"),
    ("Birthday", "Birthday", "date"),
    ("Newsletter", "Newsletter", "boolean"),
    ("Loyalty points", "Loyalty-Points", "number"),
)
#: Top-level domains that belong to nobody (RFC 2606), one with letters beyond ASCII.
_DOMAINS = ("example.com", "example.com", "example.org", "example.net", "mail.example", "bücher.example")
_LETTERS = str.maketrans("0123456789", "abcdefghij")
_DEVICES = (
    ("phone",),
    ("desktop",),
    ("desktop", "phone"),
    ("phone", "desktop"),
    ("desktop", "phone", "tablet"),
)


@dataclass(frozen=True, slots=True)
class Shopper:
    """A person who may visit. `customer_id` is the number of their account in the shop, if they have one."""

    first_name: str
    last_name: str
    language: str
    email: str
    customer_id: str | None
    plan: str
    birthday: str
    devices: tuple[Device, ...]
    #: Their pages are the shop's old template, which spells names in its own way.
    has_old_template: bool

    def fields(self, random: Random) -> dict[str, Any]:
        """Return the traits that a form asks for; not everybody fills in all of them."""
        said = {"First-Name": self.first_name, "Last-Name": self.last_name, "Plan": self.plan}
        if random.random() < 0.4:
            said["Birthday"] = self.birthday
        if random.random() < 0.1:
            said["Shoe-Size"] = "42"  # a form has a field that the list has not
        return said


def shopper(seed: int, number: int) -> Shopper:
    """Return the person with this number: the same one for the same seed."""
    random = Random(f"{seed}/person/{number}")  # noqa: S311  nothing here is a secret
    first, last, language, local = random.choice(NAMES)
    local = local or f"{first}.{last}".lower()
    mark = f"{number}{str(seed).translate(_LETTERS)}"  # nobody of another seed has it
    born = f"{random.randint(1948, 2006)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    return Shopper(
        first_name=first,
        last_name=last,
        language=language,
        email=f"{local}{mark}@{random.choice(_DOMAINS)}",
        customer_id=f"customer-{mark}" if random.random() < 0.3 else None,
        plan=random.choice(PLANS),
        birthday=born,
        devices=tuple(device(random, kind) for kind in random.choice(_DEVICES)),
        has_old_template=random.random() < 0.12,
    )
