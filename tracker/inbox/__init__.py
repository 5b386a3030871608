"""Inbox: what becomes of calls that were refused, or stored otherwise than meant, collected beside the write path."""
