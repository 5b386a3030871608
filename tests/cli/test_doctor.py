"""Does `tracker doctor` say what works, what does not, and how to mend it?"""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

from tests.cli.shell import Shell
from tests.client import InProcess
from tests.commands.refused_events import PAGE, collect


def test_it_says_what_to_mend_and_fails_if_something_is_bad(shell_on_each: Shell, tmp_path: Path) -> None:
    shell = shell_on_each
    with closing(InProcess(shell.settings["TRACKER_DATABASE_URL"], tmp_path)) as client:
        shop = client.open_shop("jane@example.com")
        collect(client, shop)
        client.services.inbox.flush()
        number = str(shop.list_id)
        printed = shell.ok("doctor", shop.email, number, "--no-probe")
        assert f"{PAGE} (1)" in printed
        client.ok("list.update", shop.key, ListID=shop.list_id, AllowedOrigins=["https://other.example"])
        collect(client, shop)
        client.services.inbox.flush()
    done = shell.run("doctor", shop.email, number, "--no-probe")
    assert done.exit_code == 1
    assert f"Origins: Add {PAGE} to AllowedOrigins" in done.stdout
    assert shell.fails("doctor", shop.email, "999") == f"{shop.email} has no list 999\n"[:-1]


def test_it_tries_the_public_address(shell: Shell, jane: str) -> None:
    number = shell.ok("list", "add", jane, "Shop").strip()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    shell.settings["TRACKER_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    done = shell.run("doctor", jane, number)
    assert (done.exit_code, f"A test event to http://127.0.0.1:{port} failed" in done.stdout) == (1, True)
