"""Does all of it hold under gevent, where requests are greenlets and one blocked call stops them all?"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.servers import Redis

BEGINNING = """
    from gevent import monkey
    monkey.patch_all()
    import sys, time, gevent
    from gevent.server import StreamServer
    from gevent.socket import create_connection
    from tracker.rate_limits import RateLimit, build_limiter
    TEN = RateLimit(10, 60)
    port = int(sys.argv[1])
    def hit(limiter, cost=1): return limiter.hit("event.track", "user 1", TEN, cost)
    def at_once(limiter, times):
        began, calls = time.monotonic(), [gevent.spawn(hit, limiter) for _ in range(times)]
        gevent.joinall(calls, raise_error=True)
        return [call.value for call in calls], time.monotonic() - began
"""


def run(server: Redis, program: str) -> None:
    """Run a program under gevent, in a process of its own; it fails by an exception or by not ending."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BEGINNING) + textwrap.dedent(program), str(server.port)],
        capture_output=True, text=True, timeout=30, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_many_greenlets_share_few_connections_and_are_counted_exactly(redis_server: Redis) -> None:
    run(redis_server, """
        import redis
        limiter = build_limiter(f"redis://127.0.0.1:{port}/0", "unused", 2)
        verdicts, _ = at_once(limiter, 700)
        assert sum(verdict.is_allowed for verdict in verdicts) == 10
        assert {verdict.limit for verdict in verdicts} == {10}
        assert len(redis.Redis(port=port).client_list()) <= 3
    """)  # fmt: skip


def test_the_embedded_store_counts_greenlets_exactly(redis_server: Redis, path: Path) -> None:
    run(redis_server, f"""
        verdicts, _ = at_once(build_limiter(None, {str(path)!r}, 2), 50)
        assert sum(verdict.is_allowed for verdict in verdicts) == 10
    """)  # fmt: skip


def test_a_process_ends_at_once_while_redis_is_away(redis_server: Redis) -> None:
    run(redis_server, """
        limiter = build_limiter("redis://127.0.0.1:1/0", "unused", 2)
        assert hit(limiter).limit == 5
        gevent.sleep(0)
    """)  # fmt: skip


def test_requests_are_answered_in_time_by_a_frozen_redis_and_the_way_back_is_found() -> None:
    with Redis() as own:
        run(own, f"""
            import os, signal
            limiter = build_limiter(f"redis://127.0.0.1:{{port}}/0", "unused", 2)
            assert hit(limiter, 0).limit == 10
            os.kill({own.running.pid}, signal.SIGSTOP)
            verdicts, waited = at_once(limiter, 100)
            later, waited_later = at_once(limiter, 100)
            os.kill({own.running.pid}, signal.SIGCONT)
            assert sum(verdict.is_allowed for verdict in verdicts + later) == 5
            assert 0.2 < waited < 0.6 and waited_later < 0.2, (waited, waited_later)
            until = time.monotonic() + 10
            while hit(limiter, 0).limit != 10:
                assert time.monotonic() < until
                gevent.sleep(0.01)
        """)  # fmt: skip


def test_many_slow_replies_together_are_not_waited_for(redis_server: Redis) -> None:
    run(redis_server, """
        def pump(source, target, pause):
            while data := source.recv(65536):
                gevent.sleep(pause)
                target.sendall(data)
        def forward(client, address):
            server = create_connection(("127.0.0.1", port))
            gevent.joinall([gevent.spawn(pump, client, server, 0), gevent.spawn(pump, server, client, 0.2)])
        slow = StreamServer(("127.0.0.1", 0), forward)
        slow.start()
        # Each step takes 0.2 s, which one may; signing in, choosing the database and hitting are three.
        limiter = build_limiter(f"redis://default:any@127.0.0.1:{slow.server_port}/1", "unused", 2)
        verdicts, waited = at_once(limiter, 20)
        assert {verdict.limit for verdict in verdicts} == {5}
        assert waited < 0.5, waited
    """)  # fmt: skip


@pytest.mark.parametrize("seconds", [0.3, 0.6])
def test_a_process_that_stood_still_does_not_take_redis_for_gone(redis_server: Redis, seconds: float) -> None:
    run(redis_server, f"""
        stand_still = monkey.get_original("time", "sleep")
        limiter = build_limiter(f"redis://127.0.0.1:{{port}}/0", "unused", 2)
        hit(limiter, 0)
        call = gevent.spawn(hit, limiter)
        gevent.sleep(0)
        stand_still({seconds})
        assert call.get().limit == 10
    """)  # fmt: skip
