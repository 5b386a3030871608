"""Made-up traffic of a web shop, the same for the same seed. Nothing here knows a database."""
