"""gunicorn's settings at the place where deployments look for them; they are those of `tracker/gunicorn_conf.py`."""

import sys
from pathlib import Path

# gunicorn has put the working directory first on the path. It belongs last: see tracker/gunicorn_conf.py.
_last = [str(Path(__file__).resolve().parent), str(Path.cwd())]
sys.path[:] = [path for path in sys.path if path not in _last] + _last

from tracker.gunicorn_conf import *  # noqa: E402, F403  it is found by the path above
