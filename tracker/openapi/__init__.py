"""How does Tracker describe itself to programs? One OpenAPI 3.1 document, made from the registry."""

from tracker.openapi.document import describe

__all__ = ["describe"]
