"""Is Flask-Limiter what counts, and does it do nothing we did not ask for?"""

from __future__ import annotations

from pathlib import Path

import flask
import limits.storage
import pytest

from tests.processes import reserve_port
from tracker.rate_limits import RateLimit, build_limiter
from tracker.rate_limits.redis import RedisWindows
from tracker.rate_limits.shared_memory import SharedFileStorage

FIVE = RateLimit(5, 60)


def test_both_stores_are_registered_with_limits(path: Path) -> None:
    assert isinstance(limits.storage.storage_from_string(f"tracker-shared://{path}"), SharedFileStorage)
    assert isinstance(limits.storage.storage_from_string("tracker+redis://127.0.0.1:1/0"), RedisWindows)


def test_flask_limiter_counts_in_the_same_store(path: Path) -> None:
    limiter = build_limiter(None, path, 1)
    item = limits.RateLimitItemPerMinute(2)
    assert [limiter.extension.limiter.hit(item, "user 1") for _ in range(3)] == [True, True, False]
    assert limiter.extension.storage.get(item.key_for("user 1")) == 3


def test_a_request_passes_no_hook_of_flask_limiter(path: Path) -> None:
    app = flask.Flask("test")
    limiter = build_limiter(None, path, 1, app=app)
    assert limiter.extension in app.extensions["limiter"]
    assert not app.before_request_funcs
    assert not app.after_request_funcs
    assert not app.teardown_request_funcs


def test_a_decorator_of_flask_limiter_fails_loudly(path: Path) -> None:
    app = flask.Flask("test")
    app.testing = True
    limiter = build_limiter(None, path, 1, app=app)
    app.add_url_rule("/", view_func=limiter.extension.limit("5/minute")(lambda: "answer"))
    with pytest.raises(RuntimeError, match="counted by the dispatcher"):
        app.test_client().get("/")


def test_nothing_is_opened_before_the_first_hit(path: Path) -> None:
    build_limiter(None, path, 1)
    assert not path.exists()
    with reserve_port() as silent:
        silent.listen()
        silent.settimeout(0)
        build_limiter(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", "unused", 1)
        with pytest.raises(BlockingIOError):
            silent.accept()


@pytest.mark.parametrize("name", ["sp ace", "100%25", "q?x#y", "ümlaut"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    build_limiter(None, tmp_path / name, 1).hit("event.track", "user 1", FIVE)
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_relative_path_and_a_missing_folder_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    build_limiter(None, "var/limits", 1).hit("event.track", "user 1", FIVE)
    assert (tmp_path / "var" / "limits").is_file()
