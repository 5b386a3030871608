"""Request bodies: bytes become parameters, within published limits."""
