"""Strangers at work: clients that send one request again and again. `python -m tests.faults.strangers JSON < request`.

A process of its own, so that what a good client sees is the server. It prints how many answers came, by status.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections import Counter
from http.client import HTTPException, HTTPResponse

PATIENCE_SECONDS = 15.0


def send_again_and_again(port: int, request: bytes, deadline: float, answers: Counter[int]) -> None:
    """On one connection after the other: those that refuse a body may close it."""
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as client:
                while time.monotonic() < deadline:
                    client.sendall(request)
                    answer = HTTPResponse(client)
                    answer.begin()
                    answer.read()
                    answers[answer.status] += 1
                    if answer.will_close:
                        break
        except (OSError, HTTPException):
            answers[0] += 1


def main() -> None:
    settings = json.loads(sys.argv[1])
    request, answers = sys.stdin.buffer.read(), Counter[int]()
    deadline = time.monotonic() + settings["seconds"]
    clients = [
        threading.Thread(target=send_again_and_again, args=(settings["port"], request, deadline, answers))
        for _ in range(settings["clients"])
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main()
