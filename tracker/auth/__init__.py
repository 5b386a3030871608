"""Authentication: who a credential belongs to, and logins with their throttling."""
