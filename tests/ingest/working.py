"""A process that takes steps: `python -m tests.ingest.working URL` reads [list, steps] a line, and prints the answers."""

from __future__ import annotations

import json
import sys

from gevent.fileobject import FileObject

from tests.ingest import whole_model
from tests.ingest.real import Real


def serve(url: str) -> None:
    real = Real(url)
    for line in FileObject(sys.stdin.fileno(), "r"):  # what works in the background goes on meanwhile
        list_id, steps = json.loads(line)
        made = [getattr(whole_model, kind)(*values) for kind, *values in steps]
        print(json.dumps([real.apply(list_id, step) for step in made]), flush=True)  # noqa: T201
    real.close()


if __name__ == "__main__":
    serve(sys.argv[1])
