"""Look at members: the settings of a server and of every other member of its cluster, in bounded time.

A standby with weak settings is found at the start, not when a failover has made it the writer.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tracker.storage.engine.galera import Address, members
from tracker.storage.engine.server_rules import STATUS, VARIABLES, WARNS, Remark, Values, remarks

#: Seconds in which all members are looked at, at once.
MAX_SECONDS = 5.0
#: Settings that are asked of members that cannot be reached, in the words of the warning.
_ASKED = "innodb_flush_log_at_trx_commit=1 and the safety switches of wsrep_provider_options"

#: Runs one statement and returns its rows.
Ask = Callable[[str], Sequence[Sequence[Any]]]


def read_values(ask: Ask) -> dict[str, str]:
    """Return the variables and the status of a server. A node outside its quorum answers these statements too."""
    found: dict[str, str] = {}
    for kind, names in (("VARIABLES", VARIABLES), ("STATUS", STATUS)):
        listed = ", ".join(f"'{name}'" for name in names)
        found |= {str(name).lower(): str(value) for name, value in ask(
            f"SHOW GLOBAL {kind} WHERE Variable_name IN ({listed})"
        )}  # fmt: skip
    return found


def look_around(own: Values, read: Callable[[Address], Values]) -> list[Remark]:
    """Return the remarks about a server and the other members of its cluster; `read(address)` may raise anything."""
    found, place = remarks(own, is_own=True), own.get("wsrep_local_index", "")
    listed = members(own.get("wsrep_incoming_addresses", ""), int(place) if place.isdigit() else -1)
    known = {member.address: member for member in listed if member.address is not None}
    for address, values in _read_all(list(known), read).items():
        if isinstance(values, dict):
            found += [] if _is_same(own, values) else remarks(values, is_own=False)
        elif not known[address].is_own:  # behind a proxy its own address need not be reached
            found.append(_unseen(address, values))
    if unknown := sum(member.address is None and not member.is_own for member in listed):
        nodes = "1 other node is" if unknown == 1 else f"{unknown} other nodes are"
        text = (
            f"the addresses of {nodes} not known, and not looked at: set wsrep_node_incoming_address on each"
        )
        found.append(Remark(WARNS, text.replace("addresses of 1", "address of 1")))
    return list(dict.fromkeys(found))


def _read_all(addresses: Sequence[Address], read: Callable[[Address], Values]) -> dict[Address, Any]:
    """Return for each address its values, or the text of why they could not be read."""
    done: queue.Queue[tuple[Address, Any]] = queue.Queue()

    def look(address: Address) -> None:
        try:
            done.put((address, dict(read(address))))
        except Exception as failure:  # noqa: BLE001  whatever it is, this member was not looked at
            done.put((address, f"{failure.args[-1] if failure.args else type(failure).__name__}"))

    for address in addresses:  # daemons: a name look-up that hangs must not hold up the start
        threading.Thread(target=look, args=(address,), daemon=True).start()
    found: dict[Address, Any] = dict.fromkeys(addresses, f"no answer within {MAX_SECONDS:.0f} s")
    until = time.monotonic() + MAX_SECONDS
    for _ in addresses:
        try:
            address, values = done.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        found[address] = values
    return found


def _is_same(one: Values, other: Values) -> bool:
    return all(one.get(name) == other.get(name) for name in ("hostname", "port", "wsrep_node_name"))


def _unseen(address: Address, reason: str) -> Remark:
    reason = " ".join(reason.split())
    return Remark(
        WARNS, f"database server {address} could not be looked at ({reason}): check that it has {_ASKED}"
    )
