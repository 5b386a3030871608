"""gunicorn worker: Tracker's own, for gevent. README.md beside this file has the fast path and what is used of gunicorn."""
