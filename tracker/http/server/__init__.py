"""gunicorn worker: Tracker's own, a subclass of gunicorn's for gevent. Nothing outside this folder knows gunicorn.

It is built on what gunicorn does not promise to keep. `setup.cfg` allows the minor versions that the tests of this folder
(`tests/http`) have run with, 27.0 for now; whoever allows another one runs them first. What is used of its insides:

| module | of gunicorn |
|---|---|
| `worker.py` | `GeventWorker`: `run`, `init_signals`, `handle_exit` and `handle_request` are ours or wrapped; `sockets`, `cfg`, `wsgi`, `alive`, `timeout`, `notify()`; the arbiter's `SIG_QUEUE` (through `gunicorn.conf.py`) |
| `connection.py` | `SocketUnreader` as the source of bytes: `sock`, `buf`, `chunk(size_hint)`; `Body`, `LengthReader`; of a request `body`, `path`, `force_close()`, `_expected_100_continue` |
| `parser.py` | `RequestParser`, `Request`: `headers`, `version`, `set_body_reader()`, `max_buffer_headers`, `_peer_is_trusted_proxy()` |
| `fast_path.py` | of a request `method`, `path`, `query`, `version`, `headers`, `body`, `should_close()` |
| `refusals.py` | the classes in `gunicorn.http.errors` |
| `log.py` | `Logger.setup`, `error_log` |

Of gevent, beside what is documented: `StreamServer.full()`, `do_read()` and `do_handle()` (`listener.py`), and the watcher
`_read_event` of a socket (`connection.py`).

`TRACKER_FAST_PATH=0` turns off what is only for speed: `fast_path.py`, and that commands' paths pass Flask by. The rest is
needed: a stock worker keeps no promise under a flood (`docs/decisions/0007-connections.md`).
"""
