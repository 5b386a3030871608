"""WSGI application that gunicorn loads for `tracker reports serve`: `tracker.gateway_wsgi:app`, with settings from the environment."""

from tracker.config import Settings
from tracker.reports_wiring import create_gateway

app = create_gateway(Settings.from_environ())
app.serve()
