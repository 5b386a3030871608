"""Build process: builds one copy and ends, so that the memory of a build goes with it. Its progress goes to standard output."""

from __future__ import annotations

import os
import sys

from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.analytics.clickhouse.shared_build import build_shared
from tracker.analytics.copy.copy_build import build_copy
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.reports_setup import read_setup

#: Priority below everything that serves.
NICE = 10


def main() -> None:
    """Build the copy that standard input names. Ends when the process that wants it is gone."""
    parent = os.getppid()
    os.nice(max(0, NICE - os.nice(0)))
    os.umask(0o077)
    setup, more = read_setup()
    truth = TruthReader(setup.open_database())

    def tell(share: float) -> None:
        if os.getppid() != parent:
            sys.exit("the reports process is gone")
        os.write(sys.stdout.fileno(), f"{share:.4f}\n".encode())

    if setup.reports_url:
        build_shared(ClickHouseURL.parse(setup.reports_url), truth, more["list_id"], tell)
    else:
        build_copy(truth, more["list_id"], CopyFiles(setup.path), setup.memory_mb, tell)
    truth.close()


if __name__ == "__main__":
    main()
