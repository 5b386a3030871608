"""Container drill: the steps of deploy/Containerfile, in clean Debian roots, leave a Tracker that serves and keeps events.

`make container`, and `make release` before it tags. It takes minutes and the Debian mirror, so `make test` only reads the file.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.deploy.containerfile import CONTAINERFILE, CleanRoot, mounted, stages, words_of
from tests.processes import make_folder, remove_folder
from tests.served import Tracker

EVENT_ID = "0b8c7c2e-6f0a-4b3e-9b7e-2d1f5a6c7d8e"


class Contained(Tracker):
    """Tracker in such a root: its command, user and environment, started as its container would be."""

    def __init__(self, root: CleanRoot) -> None:
        super().__init__()
        self.root = root

    def arguments(self) -> list[str]:
        [command] = self.root.stage.only("CMD")
        return self.root.command(
            [*words_of(command), "--demo"], PORT=str(self.port), TRACKER_HOST="127.0.0.1"
        )

    def upgrade(self) -> None:
        """Do nothing: the container's own command upgrades the database."""

    def printed(self, name: str) -> str:
        """Return what the first start printed behind a word."""
        [value] = re.findall(rf"^  {name} +(\S+)$", self.logs(), re.MULTILINE)
        return str(value)


@contextmanager
def made_image() -> Iterator[CleanRoot]:
    """The root of the last stage, after the steps of all, while it is needed."""
    folder = make_folder()
    made: dict[str, CleanRoot] = {}
    try:
        for number, stage in enumerate(stages(CONTAINERFILE.read_text())):
            made[stage.name] = last = CleanRoot(folder / str(number), stage).make(made)
        with mounted(last.folder):
            yield last
    finally:
        remove_folder(folder)


def drill() -> None:
    """Make the image, serve, track an event, stop, serve again, and find the event there. Raises AssertionError."""
    with made_image() as image, Contained(image) as tracker:
        key, list_id = tracker.printed("API key"), int(tracker.printed("ListID"))
        event = {"ListID": list_id, "Event": "kept", "EventID": EVENT_ID, "Email": "jane@example.com"}
        tracker.ok("event.track", key, **event)
        assert tracker.stop() == 0, tracker.logs()
        tracker.start()
        again = tracker.ok("event.track", key, **event)
        assert again["Duplicate"] is True, again
        compilers = subprocess.run(
            image.command(["sh", "-c", "command -v cc gcc"]), capture_output=True, check=False
        )
        assert not compilers.stdout, "a compiler is left in it"


if __name__ == "__main__":
    drill()
    sys.stdout.write(
        "The Containerfile's steps leave a Tracker that serves, stops cleanly and keeps its events.\n"
    )
