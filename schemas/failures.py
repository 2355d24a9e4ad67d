"""What can go wrong between a record and its bytes, told apart by what may be done about it."""

from __future__ import annotations

from relay.domain.failures import Fatal, Unavailable

UNREADABLE = "record.unreadable"
UNKNOWN_SCHEMA = "record.unknown_schema"
UNWRITABLE = "record.unwritable"


class Unreadable(Exception):
    """The bytes are no record of ours, or nobody knows the schema they were written with.

    A dead letter for that record alone: reading it again gives the same. ``reason`` is for
    machines: ``record.unreadable`` or ``record.unknown_schema``.
    """

    def __init__(self, message: str, *, reason: str = UNREADABLE) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class Unwritable(Exception):
    """A record holds a value that its schema cannot hold. ``field`` is the path to that value.

    Nothing is rounded or shortened to make it fit: whoever made the record has to decide.
    """

    reason = UNWRITABLE

    def __init__(self, record: str, field: str, why: str) -> None:
        self.record = record
        self.field = field
        self.message = f"{record}.{field} {why}" if field else f"{record}: {why}"
        super().__init__(self.message)


class RegistryUnreachable(Unavailable):
    """The schema registry does not answer, or not as one: the same again later. Names its URL."""


class RegistryRefused(RegistryUnreachable):
    """The schema registry answers, but refuses the credentials: a person has to correct them."""


class SchemaNotRegistered(Fatal):
    """The registry does not hold the schema that a worker writes with; a worker never registers one."""


class SchemaRefused(Fatal):
    """The registry will not take a schema: it breaks the compatibility of its subject, or is invalid there."""
