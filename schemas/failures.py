"""What can go wrong between a record and its bytes, told apart by what may be done about it.

::

    Unreadable               a dead letter for these bytes alone
    Unwritable               whoever made the record has to decide
    RegistryFailure
    ├── RegistryUnreachable  the same again later
    │   └── RegistryRefused  a person has to correct the credentials
    ├── SchemaNotRegistered  the process must stop; a person has to register the schema
    └── SchemaRefused        the schema itself has to change
"""

from __future__ import annotations

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


class RegistryFailure(Exception):
    """What was asked of the schema registry was not done.

    ``status`` is the code of its HTTP answer, or ``None`` where there was none.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class RegistryUnreachable(RegistryFailure):
    """The schema registry does not answer, or not as one: the same again later. Names its URL."""


class RegistryRefused(RegistryUnreachable):
    """The schema registry answers, but refuses the credentials: a person has to correct them."""


class SchemaNotRegistered(RegistryFailure):
    """The registry does not hold the schema that a worker writes with; a worker never registers one."""


class SchemaRefused(RegistryFailure):
    """The registry will not take a schema: it breaks the compatibility of its subject, or is invalid there."""
