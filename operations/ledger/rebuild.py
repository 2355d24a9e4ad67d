"""``cor ledger rebuild``: a ledger that was lost, folded from the topics that outlive it, and taken for what it is.

It does what an owner of each partition does: it fences whoever was there, restores inbox and ledger, and commits by the
same records. Nothing is asked of a remote here: what cannot be folded is read by the writer when it is wanted next.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NoReturn

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.known_losses import known_losses
from operations.ledger.entries import ask_about_doubts, put_folded, slots
from operations.ledger.folding import folded_entries, received_commands, refuse_cut
from operations.topics import Acceptance, accept_topics
from relay.domain.commands import COMMAND_TYPES
from relay.domain.ledger import Slot
from relay.engine.kafka import Cluster, Generation, Transactions, read_to_end
from relay.engine.letters import letter_topic
from relay.engine.provision import LostTopic, TopicsLost
from relay.engine.provision.declared import declared_topics
from relay.engine.sizes import TopicLimits, target_sizes
from relay.engine.topics import CURRENT, FAMILIES, LETTERS, OUTCOMES, STAGE_OF_SYSTEM, WRITES, Family
from relay.engine.writer.adapter import TargetAdapter
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.restore import restored_store
from relay.engine.writer.state.store import PartitionTopics
from relay.engine.writer.state.timing import Timing
from relay.engine.writer.state.transactions import KafkaJournal
from workers.cinx_submitter.adapter import CinxAdapter
from workers.procore_writer.adapter import ProcoreAdapter

_FOLDED_FROM: Final = (WRITES, OUTCOMES, LETTERS, CURRENT)
_LOOK_EVERY: Final = 0.5
_LATE: Final = 1.5
"""Sessions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuiltLedger:
    """What was done. ``entries`` were written; of these ``to_compare`` are read at the remote before anything is sent.

    ``in_review`` wait for a person's answer, ``in_doubt`` of them by a letter that was written now. ``topics``: lost
    ones that are taken from now on.
    """

    system: str
    entries: int
    to_compare: int
    in_review: int
    in_doubt: int
    topics: tuple[str, ...]


def lost_systems(environment: Environment) -> list[str]:
    """The systems whose ledger or inbox is lost. Raises ``WrongUsage`` where none is."""
    with Cluster(environment.connection) as cluster:
        lost = {found.topic for found in known_losses(environment, cluster)}
    systems = [family.system for family in FAMILIES.values() if lost.intersection(family.stores)]
    if not systems:
        raise WrongUsage("no ledger is known to be lost: name the system whose missing entries are to be folded")
    return systems


def rebuild(environment: Environment, system: str, *, who: str, why: str) -> RebuiltLedger:
    """Folds what the ledger of ``system`` does not hold; an entry that it holds, and can be read, stays.

    But one of which something under way is lost is compared before anything is sent. It may be broken off and run
    again. Raises ``WrongUsage`` for a system without a ledger, ``Refused`` while its stage has members, or where what a
    ledger is folded from has lost its beginning or cannot be read, ``TopicsLost`` where it is lost as well.
    """
    if system not in FAMILIES:
        raise WrongUsage(f"{system} has no ledger; there are {', '.join(FAMILIES)}")
    family, stage = FAMILIES[system], STAGE_OF_SYSTEM[system]
    with ExitStack() as resources:
        cluster = resources.enter_context(Cluster(environment.connection))
        _refuse_members(environment, cluster, stage)
        lost = known_losses(environment, cluster)
        _refuse_losses(lost, family)
        refuse_cut(environment, cluster, system)
        missing = _make_missing(environment, cluster, family)
        gone = {environment.name(found.topic) for found in lost if found.topic in family.stores} | missing
        owners = _owners(environment, cluster, family, stage, resources)
        is_inbox_gone = environment.name(family.inbox) in gone
        received = received_commands(environment, family, stage) if is_inbox_gone else []
        waiting = {subject for owner in owners for slot, subject in slots(owner) if slot is not Slot.HOLD}
        folded = folded_entries(environment, family, stage, waiting, received)
        counts = put_folded(owners, folded, is_inbox_gone=is_inbox_gone)
        if environment.name(family.ledger) in gone:
            counts["in_doubt"] = sum(ask_about_doubts(owner) for owner in owners)
        accepted = tuple(environment.name(found.topic) for found in lost if found.topic in family.stores)
        rebuilt = RebuiltLedger(
            system=system,
            entries=counts["entries"],
            to_compare=counts["to_compare"],
            in_review=counts["in_review"] + counts["in_doubt"],
            in_doubt=counts["in_doubt"],
            topics=accepted,
        )
        with AuditedTransaction(environment, who, why) as transaction:
            details = {"system": system, **counts}
            transaction.commit([], [transaction.action(f"ledger:{system}", "ledger rebuilt", details)])
        # Last: until its id is written down, no stage starts.
        ids = cluster.topic_ids(accepted)
        accept_topics(environment, lost, ids, Acceptance(topics=accepted, who=who, why=why))
    return rebuilt


def _refuse_members(environment: Environment, cluster: Cluster, stage: str) -> None:
    """One that has ended without a goodbye is a member until its session ends, which is waited for; a busy broker is
    late to notice.
    """
    group, until = f"{environment.prefix}{stage}", time.monotonic() + _LATE * environment.settings.session_timeout
    while (members := cluster.members(group)) and time.monotonic() < until:
        time.sleep(_LOOK_EVERY)
    if members:
        named = ", ".join(member.instance or member.host for member in members)
        raise Refused(
            f"{stage} still has members ({named}): stop them; one that is gone for good is removed by `cor members "
            f"remove {stage} INSTANCE`"
        )


def _refuse_losses(lost: Sequence[LostTopic], family: Family) -> None:
    needed = [found for found in lost if found.topic in _FOLDED_FROM]
    if needed:
        raise TopicsLost(needed)
    for found in lost:
        if found.topic in family.stores and not found.replaced:
            raise Refused(f"{found.sentence}: delete the topic, so that it is made anew")


def _make_missing(environment: Environment, cluster: Cluster, family: Family) -> set[str]:
    """Makes those of the stores that are not there, with as many partitions as the lanes have."""
    count = environment.counts(family.lanes)[family.commands]
    settings = environment.settings
    wanted = declared_topics(environment.prefix, cluster.brokers(), count, settings.largest_message_bytes)
    names = [environment.name(store) for store in family.stores]
    found = cluster.partition_counts(names)
    other = [name for name, partitions in found.items() if partitions != count]
    if other:
        raise Refused(f"{', '.join(other)} was made with another number of partitions than {count}: delete it first")
    return set(cluster.create(wanted[name] for name in names if name not in found))


# -- the partitions, owned as the stage owns them


def _owners(
    environment: Environment, cluster: Cluster, family: Family, stage: str, resources: ExitStack
) -> list[PartitionState[Any]]:
    first = PartitionTopics(
        family=family,
        prefix=environment.prefix,
        number=0,
        letter_topic=letter_topic(cluster, environment.prefix),
        largest_command=target_sizes(cluster, environment.prefix, family).limit,
        limits=TopicLimits.on_cluster(cluster, environment.prefix, family.written),
    )
    count = environment.counts([family.ledger])[family.ledger]
    return [_owner(environment, replace(first, number=number), stage, resources) for number in range(count)]


def _owner(environment: Environment, topics: PartitionTopics, stage: str, resources: ExitStack) -> PartitionState[Any]:
    """Fences the partition's owner, then reads inbox and ledger to their ends."""
    settings, group = environment.settings, f"{environment.prefix}{stage}"
    transactions = Transactions(
        environment.connection, f"{group}-{topics.number}", timeout_s=settings.transaction_timeout
    )
    resources.callback(transactions.close)
    transactions.fence()
    store = restored_store(topics, environment.codec, partial(read_to_end, environment.connection))
    resources.callback(store.close)
    return PartitionState(
        stage=stage,
        adapter=_adapter(topics.family.system, settings.installation),
        command_type=COMMAND_TYPES[topics.family.system],
        store=store,
        codec=environment.codec,
        journal=KafkaJournal(transactions, group, Generation(group), topics.inbox),
        accounts=frozenset(),
        timing=Timing(quarantine=settings.quarantine),
    )


def _adapter(system: str, installation: str) -> TargetAdapter[Any]:
    """What knows the ledger's words; no account of it can be called."""
    if system == "procore":
        return ProcoreAdapter(dict, _no_client, installation=installation)
    return CinxAdapter(dict, _no_client, installation=installation)


def _no_client(name: str, account: object) -> NoReturn:
    raise Refused(f"{name} is not called while its ledger is rebuilt")
