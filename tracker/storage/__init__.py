"""Where is everything kept? The database in the words of the domain; the only room that knows peewee."""
