"""Authentication: the callers of credentials, and logins with their throttling."""
