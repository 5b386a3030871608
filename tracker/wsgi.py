"""WSGI application that gunicorn loads: `tracker.wsgi:app`, with settings from the environment."""

from tracker.app import create_app

app = create_app()
