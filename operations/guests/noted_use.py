"""What a stage has noted of its own use of an account's rate limit, where no member of it lives to tell."""

from __future__ import annotations

from operations.environment import Environment
from producers.restored_states import restored_states
from relay.domain.identity import tenant_partition
from relay.domain.ledger import InboxRecord, Slot
from relay.domain.rate_use import MinuteUse
from relay.domain.tenant import Tenant
from relay.engine.kafka import Partition, read_to_end
from relay.engine.topics import POLL_STATE, WRITERS, Topic
from relay.engine.writer.state.store import inbox_key


def noted_use(environment: Environment, key: str, stage: str) -> tuple[MinuteUse, ...]:
    """The last hour's use of the account ``key`` by ``stage``, as far as it was noted.

    Raises a ``KafkaFailure``, a ``RegistryFailure``, and ``Unreadable`` for a writer's note that is none.
    """
    tenant = Tenant.parse(key)
    if stage in WRITERS:
        return _by_writer(environment, tenant, WRITERS[stage].inbox)
    states = restored_states(
        environment.connection, environment.codec, _place(environment, tenant, POLL_STATE), tenant.system
    )
    state = states.get(tenant.account)
    return state.account_state.used if state is not None else ()


def _by_writer(environment: Environment, tenant: Tenant, inbox: Topic) -> tuple[MinuteUse, ...]:
    wanted, value = inbox_key(Slot.ACCOUNT, str(tenant)).encode(), None
    for record in read_to_end(environment.connection, [_place(environment, tenant, inbox)]):
        if record.key == wanted:
            value = record.value
    if value is None:
        return ()
    note = environment.codec.decode(value, InboxRecord).account
    return note.used if note is not None else ()


def _place(environment: Environment, tenant: Tenant, topic: Topic) -> Partition:
    count = environment.counts([topic])[topic]
    return Partition(environment.name(topic), tenant_partition(tenant.system, tenant.account, count))
