"""The environment of commands that write records which running stages read."""

from __future__ import annotations

from contextlib import suppress

from operations.audit import now
from operations.environment import Environment
from operations.holds.standing import read_standing
from relay.domain.control import living, read_by_all
from relay.engine.kafka import TopicsMissing


def writing_environment() -> Environment:
    """The environment, with a codec that writes each record in the newest version that every running stage reads.

    Raises ``SettingsError`` or a ``KafkaFailure``.
    """
    environment = Environment.read()
    write_what_all_read(environment)
    return environment


def write_what_all_read(environment: Environment) -> None:
    """From now on the environment's codec writes what every running stage reads; see :func:`writing_environment`."""
    # Without a control topic nobody states anything: an earlier release has made the topics, and none of it runs on.
    with suppress(TopicsMissing):
        environment.codec.write_at_most(read_by_all(living(read_standing(environment).members(), now())))
