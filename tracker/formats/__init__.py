"""Text formats, pure: what addresses, hashes, credentials and names may look like."""
