"""Error log: gunicorn's own lines as JSON on stderr, like all other lines of the log."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger

from tracker.http.message.json_log import JsonLines


class ServerLog(Logger):  # type: ignore[misc]
    """gunicorn's logger with JSON lines, also for records of libraries and plugins."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())
        logging.basicConfig(handlers=list(self.error_log.handlers), level=logging.WARNING)
