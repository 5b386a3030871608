"""OpenAPI 3.1 document of the API, generated from the command registry."""

from tracker.openapi.document import describe

__all__ = ["describe"]
