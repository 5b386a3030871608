"""The WSGI application at the place where deployments look for it, `wsgi:app`; it is `tracker.wsgi:app`."""

from tracker.wsgi import app as app
