"""What goes wrong with the database, in words. By itself, so that a command which opens none need not load its driver."""

from __future__ import annotations


class StoreError(Exception):
    """The database can't be used; the text says why and what to do, without a password or a value of a row."""
