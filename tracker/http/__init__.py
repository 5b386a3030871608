"""HTTP: requests become calls, answers become responses. No command is named here."""
