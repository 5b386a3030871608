"""ClickHouse: copies of lists on a server that several instances share, filled and asked over HTTP."""
