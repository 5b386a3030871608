"""The HTTP room: bytes become a call, an answer becomes bytes. No command is named here."""
