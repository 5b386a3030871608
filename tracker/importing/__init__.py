"""How does a file become events? The rules of `event.track`, without a request."""
