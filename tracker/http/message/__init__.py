"""HTTP messages: the call in a request, responses, request ids and JSON log lines."""
