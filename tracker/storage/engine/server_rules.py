"""Server rules: what the variables of a MySQL or MariaDB server, and of a node of a Galera cluster, mean for events.

Each rule is one line that says what to change. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tracker.storage.engine.galera import is_on, provider_options, seconds

#: What a remark means for the start: it goes on, it is refused unless weak durability is accepted, or it is refused.
WARNS, LOSES, STOPS = "warns", "loses", "stops"
#: Seconds that a request may take after its body was read: a node that is lost must be given up before that.
REQUEST_SECONDS = 5.0
#: Nodes that a cluster needs to go on when one is lost.
MIN_NODES = 3
#: Bytes that a transaction may need: 500 requests of 64 KiB in one (GROUP_SIZE), with keys and images of rows four times that.
MIN_WRITE_SET = 128 * 2**20
#: Options with which a node that is cut off goes on writing.
_SPLITTING = ("pc.ignore_sb", "pc.ignore_quorum")
#: Asked of a server; those that it does not know are not answered.
VARIABLES = (
    "binlog_format", "gtid_mode", "hostname", "innodb_autoinc_lock_mode", "innodb_flush_log_at_trx_commit", "log_bin",
    "log_slave_updates", "port", "read_only", "sync_binlog", "wsrep_gtid_mode", "wsrep_max_ws_size", "wsrep_node_name",
    "wsrep_on", "wsrep_osu_method", "wsrep_provider", "wsrep_provider_options", "wsrep_reject_queries",
)  # fmt: skip
STATUS = (
    "wsrep_cluster_size", "wsrep_cluster_status", "wsrep_connected", "wsrep_incoming_addresses", "wsrep_local_index",
    "wsrep_ready",
)  # fmt: skip

#: What a setting of another node means, and its good value.
_NO_SUCCESSOR = "it takes no writes after a failover; set {}"

#: Variables and status of one server, by name.
Values = Mapping[str, str]


class Remark(NamedTuple):
    """One line for operators, and what it means for the start: WARNS, LOSES or STOPS."""

    weight: str
    text: str


def node_name(values: Values) -> str:
    """Return the name of a node of a cluster; of any other server its host and port."""
    if is_node(values) and values.get("wsrep_node_name"):
        return values["wsrep_node_name"]
    return f"{values.get('hostname', '')}:{values.get('port', '')}"


def is_node(values: Values) -> bool:
    """Return whether the server is a member of a Galera cluster."""
    return is_on(values.get("wsrep_connected", "")) or is_on(values.get("wsrep_on", ""))


def durability_fault(flush: int, has_binlog: bool, sync_binlog: int) -> str | None:
    """Return why a server may lose what it has acknowledged, or None."""
    if flush != 1:
        return f"innodb_flush_log_at_trx_commit is {flush}, must be 1"
    if has_binlog and sync_binlog != 1:
        return f"sync_binlog is {sync_binlog}, must be 1"
    return None


def remarks(values: Values, is_own: bool) -> list[Remark]:
    """Return what is wrong with a server: that to which Tracker connects, or another member of its cluster."""
    rules = [*_durability(values), *_replication(values)]
    if is_node(values):
        rules = [*_membership(values, is_own), *rules, *_writing(values, is_own), *_galera(values, is_own)]
    if is_on(values.get("read_only", "")):
        do = "let TRACKER_DATABASE_URL name the server that takes writes" if is_own else _NO_SUCCESSOR
        rules.append(Remark(WARNS, f"read_only is ON: {do.format('read_only=OFF')}"))
    name = node_name(values)
    return [Remark(weight, f"database server {name}: {text}") for weight, text in rules]


def _durability(values: Values) -> Iterator[Remark]:
    flush, sync = values.get("innodb_flush_log_at_trx_commit", "1"), values.get("sync_binlog", "1")
    fault = durability_fault(int(flush), is_on(values.get("log_bin", "")), int(sync))
    if fault is not None:
        yield Remark(LOSES, f"{fault}: committed events could be lost in a crash")


def _replication(values: Values) -> Iterator[Remark]:
    if not is_on(values.get("log_bin", "")):
        return
    if values.get("gtid_mode", "ON").upper() != "ON":  # MySQL's alone
        yield Remark(WARNS, f"gtid_mode is {values['gtid_mode']}: no replica can take over; set gtid_mode=ON")
    if is_node(values):
        off = [n for n in ("wsrep_gtid_mode", "log_slave_updates") if not is_on(values.get(n, "ON"))]
        for name in off:
            yield Remark(
                WARNS, f"{name} is OFF: a replica cannot follow another node after a failover; set {name}=ON"
            )


def _membership(values: Values, is_own: bool) -> Iterator[Remark]:
    status, is_ready = values.get("wsrep_cluster_status", ""), is_on(values.get("wsrep_ready", ""))
    if status != "Primary" or not is_ready:
        what = (
            f"wsrep_cluster_status is {status or 'unknown'} and wsrep_ready is {'ON' if is_ready else 'OFF'}"
        )
        do = "connect to a node of the Primary component, or bootstrap one" if is_own else "no failover to it"
        yield Remark(STOPS if is_own else WARNS, f"{what}: it takes no writes; {do}")
    elif not is_on(values.get("wsrep_on", "")):
        yield Remark(LOSES, "wsrep_on is OFF: what it stores never reaches the other nodes; set wsrep_on=ON")


def _writing(values: Values, is_own: bool) -> Iterator[Remark]:
    """Yield what keeps a node from taking tables, queries or large groups of events."""
    method = values.get("wsrep_osu_method", "TOI")
    if method.upper() == "RSU":
        yield Remark(
            STOPS if is_own else WARNS,
            "wsrep_OSU_method is RSU: an upgrade would change the tables of this node alone, which then leaves the"
            " cluster; set wsrep_OSU_method=TOI",
        )
    rejected = values.get("wsrep_reject_queries", "NONE")
    if rejected.upper() != "NONE":
        do = "it answers no query; set {}" if is_own else _NO_SUCCESSOR
        text = f"wsrep_reject_queries is {rejected}: {do.format('wsrep_reject_queries=NONE')}"
        yield Remark(STOPS if is_own else WARNS, text)
    size = values.get("wsrep_max_ws_size", "")
    if size.isdigit() and int(size) < MIN_WRITE_SET:
        yield Remark(
            WARNS,
            f"wsrep_max_ws_size is {size}: events are refused that are written in larger transactions; set"
            " wsrep_max_ws_size=2147483647",
        )


def _galera(values: Values, is_own: bool) -> Iterator[Remark]:
    options = provider_options(values.get("wsrep_provider_options", ""))
    for name in _SPLITTING:
        if is_on(options.get(name, "")):
            yield Remark(
                LOSES,
                f"{name} is on in wsrep_provider_options: a node that is cut off goes on writing, and its events are"
                f" lost when it is back; set {name}=no",
            )
    if values.get("binlog_format", "ROW").upper() != "ROW":
        text = f"binlog_format is {values['binlog_format']}: the nodes would differ; set binlog_format=ROW"
        yield Remark(WARNS, text)
    mode = values.get("innodb_autoinc_lock_mode", "2")
    if mode != "2":
        yield Remark(
            WARNS,
            f"innodb_autoinc_lock_mode is {mode}: nodes can block each other; set innodb_autoinc_lock_mode=2",
        )
    suspect = options.get("evs.suspect_timeout", "")
    if (seconds(suspect) or 0) >= REQUEST_SECONDS:
        yield Remark(
            WARNS, f"evs.suspect_timeout is {suspect}: a failover takes longer than requests wait, which are answered"
            " 503; set evs.keepalive_period=PT0.3S;evs.suspect_timeout=PT2S in wsrep_provider_options",
        )  # fmt: skip
    size = values.get("wsrep_cluster_size", "")
    if is_own and size.isdigit() and int(size) < MIN_NODES:
        yield Remark(
            WARNS,
            f"its cluster has {size} of {MIN_NODES} nodes: when one is lost, none takes writes; add nodes",
        )
