"""Taking members out of a group."""

from __future__ import annotations

from kafka import errors
from kafka.admin import MemberToRemove

from relay.engine.kafka.connection import Connection
from relay.engine.kafka.failures import failure_of


def remove_member(connection: Connection, group: str, instance: str) -> None:
    """Removes a static member, so that the others take its partitions over at once.

    Static members never say goodbye by themselves. One that is not in the group (any more) is
    all the same.
    """
    admin = connection.admin()
    doing = f"removing {instance} from group {group}"
    try:
        outcome = admin.remove_group_members(group, [MemberToRemove(group_instance_id=instance)])
    except errors.KafkaError as error:
        raise failure_of(error, doing, connection.bootstrap_servers) from error
    finally:
        admin.close()
    for kind in outcome.values():
        if kind not in {errors.NoError, errors.UnknownMemberIdError}:
            raise failure_of(kind(), doing, connection.bootstrap_servers)
