"""How does a test harm a site under load, and what does it ask for at the end? A row of a table, and that nothing is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import quantiles

from tests.cluster.galera import Node
from tests.cluster.site import Heartbeat, Site
from tests.faults.acked_events import Story
from tests.faults.harness import Load
from tests.faults.tables import Report, figures
from tests.processes import until
from tracker.storage.engine.database import REQUEST_SECONDS

#: How many times what nine of ten requests take is a request done in when it has waited for a failover.
RETURN_TIMES = 5
#: A fault's own length: a node is put out after 2 s, so that it is away for longer than that.
AWAY_SECONDS = 8
#: Twice the deadline of a request, on a machine that is busy with all of it.
LONGEST_SECONDS = 10.0


class Drill:
    """A site while the ledger client calls it. `faults` counts what was done to it."""

    def __init__(self, site: Site, load: Load) -> None:
        self.site, self.load = site, load
        self.heartbeat = Heartbeat(site.proxy.ports["database"])
        self.faults = 0

    @contextmanager
    def fault(self) -> Iterator[None]:
        """What is done in the block is one fault, which is over when clients are served and the cluster is whole."""
        self.load.until_more(100, seconds=90)
        self.faults += 1
        yield
        self.load.until_more(60, seconds=90)
        self.site.cluster.until_whole(is_still=False)

    def until_served(self) -> None:
        """While the fault lasts."""
        self.load.until_more(60, seconds=90)

    def is_in_time(self, story: Story) -> bool:
        """Whether this machine left requests the time to wait for another writer, and then to do what they do.

        A request has 5 s. One that is lost with a connection is sent a few times what it takes else: connections are made
        anew, and all that have waited are served at once. Where the machine is busy that may be too long, which says
        nothing about Tracker.
        """
        usual = quantiles(story.seconds, n=10)[-1]
        return self.heartbeat.longest + RETURN_TIMES * usual < REQUEST_SECONDS


Harm = Callable[[Drill], None]


def run(
    site: Site,
    report: Report,
    what: str,
    harm: Harm,
    *,
    is_noticed: bool = False,
    is_past_proxy: bool = False,
    instances: int | None = None,
) -> None:
    """Harm a site under load, and put a row into the table; `site.decide` judges what it holds, after the last harm.

    `is_noticed`: clients may be told to send again. `is_past_proxy`: they call the instances themselves, or so many `instances`.
    """
    with site.load(is_past_proxy or instances is not None, instances) as load:
        drill = Drill(site, load)
        with drill.heartbeat:
            harm(drill)
            drill.until_served()
        story = load.finish(120)
    silence = {"longest silence, s": round(drill.heartbeat.longest, 1)}
    report(what, of="cluster", faults=drill.faults, **figures(story), **silence)
    if not is_noticed and drill.is_in_time(story):
        assert story.outcomes["certain"] + story.outcomes["unknown"] == 0, story.outcomes
        assert max(story.seconds) <= LONGEST_SECONDS


def assert_nothing_wrong(site: Site, report: Report) -> None:
    """At each node, by all ledgers of the site."""
    verdicts = site.decide()
    report("afterwards, at each node", of="cluster", verdict=verdicts[0].summary)
    assert [str(verdict) for verdict in verdicts if verdict.faults] == []


def kill(drill: Drill) -> None:
    """The writer, at once; it is back when another one has taken over, which stays the writer."""
    with drill.fault():
        node = drill.site.writer()
        node.kill()
        drill.until_served()
        node.start()
    drill.site.proxy.until_up("database")
    until(
        lambda: drill.site.reached() == drill.site.writer().name, 60, "one writer for old and new connections"
    )


def isolate(drill: Drill) -> None:
    """Cut the writer off from the other nodes, and not from clients."""
    with drill.fault():
        node = drill.site.writer()
        node.isolate(True)
        until_down(drill.site, node)
        drill.until_served()
        node.isolate(False)


def until_down(site: Site, node: Node) -> None:
    until(lambda: site.proxy.servers("database")[node.name].startswith("DOWN"), 60, "HAProxy to see it")
