"""Storage: everything that is stored, in the words of the domain; the only room that imports peewee, apsw and PyMySQL.

Other rooms import the names that a room of storage lists in `__all__`.
"""
