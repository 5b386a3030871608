"""Which parts of a cluster may a test ask for?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cluster.galera import Cluster, Node
from tests.cluster.site import make_accounts
from tests.faults.conftest import pytest_terminal_summary, report

__all__ = ["pytest_terminal_summary", "report"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Three nodes for this worker's tests: each leaves them as it has found them."""
    with Cluster() as started:
        make_accounts(started)
        yield started


@pytest.fixture(scope="session")
def mariadb(cluster: Cluster) -> Node:
    """A node, for tests that know nothing of clusters."""
    return cluster.nodes[0]


@pytest.fixture(scope="module", params=["mariadb"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """The one kind that a cluster is."""
    kind: str = request.param
    return kind
