"""What does a WSGI server load? `wsgi:app`."""

from tracker.app import create_app

app = create_app()
