"""Storage: everything that is kept, in the words of the domain; the only room that knows peewee, apsw and PyMySQL.

Other rooms import the names that a room of storage lists in `__all__`.
"""
