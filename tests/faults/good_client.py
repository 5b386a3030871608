"""Good client: one event a connection, with a round trip between connecting and sending. `python -m tests.faults.good_client JSON`.

A process of its own, so that what it measures is the server. It prints how long each answer took, null where none came.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse

#: Who waits longer has given up.
PATIENCE_SECONDS = 5.0
#: As far away as another continent, or a train.
PAUSE_SECONDS = 0.05


@dataclass(slots=True)
class Settings:
    port: int
    key: str
    name: str
    seconds: float


def track(settings: Settings, number: int) -> float | None:
    """Seconds from connecting to the answer; None without an acknowledgement."""
    body = json.dumps({"Event": settings.name, "EventID": f"{settings.name}-{number}"}).encode()
    head = f"POST /api/v1/event HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {settings.key}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    began = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", settings.port), timeout=PATIENCE_SECONDS) as client:
            time.sleep(PAUSE_SECONDS)
            client.sendall(head.encode() + body)
            answer = HTTPResponse(client)
            answer.begin()
            answer.read()
    except (OSError, HTTPException):
        return None
    return time.monotonic() - began if answer.status == 200 else None


def main() -> None:
    settings = Settings(**json.loads(sys.argv[1]))
    deadline, tries = time.monotonic() + settings.seconds, list[float | None]()
    while time.monotonic() < deadline:
        tries.append(track(settings, len(tries)))
        time.sleep(PAUSE_SECONDS)
    sys.stdout.write(json.dumps(tries))


if __name__ == "__main__":
    main()
