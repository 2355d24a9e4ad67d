"""``cor ledger rebuild``: a ledger that was lost, folded from the topics that outlive it, and taken for what it is.

It does what an owner of each partition does: it fences whoever was there, restores inbox and ledger, and commits by the
same records. Nothing is asked of a remote here: what cannot be folded is read by the writer when it is wanted next.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from operations.audit import AuditedTransaction
from operations.environment import Environment
from operations.errors import Refused, WrongUsage
from operations.ledger.told import folded_entries, received_commands, refuse_cut
from operations.topics import Acceptance, accept_topics, known_losses
from relay.domain.commands import CinxCommand, Command, ProcoreCommand
from relay.domain.identity import tenant_partition
from relay.domain.ledger import Hold, LedgerEntry, Slot
from relay.domain.ledger_facts import LedgerFact
from relay.domain.ledger_size import entry_size
from relay.domain.writes.ledger_fold import to_compare
from relay.engine.kafka import Cluster, Generation, Partition, Transactions, read_to_end
from relay.engine.letters import LetterTopic, letter_topic
from relay.engine.provision import LostTopic, TopicsLost
from relay.engine.provision.declared import declared_topics
from relay.engine.sizes import target_sizes
from relay.engine.topics import CINX, CURRENT, FAMILIES, LETTERS, MEBIBYTE, OUTCOMES, WRITES, Family
from relay.engine.writer.adapter import NeedsReview, TargetAdapter
from relay.engine.writer.state.cache import Table, restored
from relay.engine.writer.state.claims import claim_of
from relay.engine.writer.state.partition_state import PartitionState
from relay.engine.writer.state.store import PartitionTopics, StateStore, is_own_key
from relay.engine.writer.state.timing import Timing
from relay.engine.writer.state.transactions import KafkaJournal, TransactionKind
from relay.engine.writer.state.unit_of_work import UnitOfWork
from relay.engine.writer.steps.settle import settle_sent
from workers.cinx_submitter.adapter import CinxAdapter, order_scope
from workers.procore_writer.adapter import ProcoreAdapter

REASON: Final = "ledger.rebuilt"
_STAGES: Final = {"procore": "procore-writer", "cinx": "cinx-submitter"}
_FOLDED_FROM: Final = (WRITES, OUTCOMES, LETTERS, CURRENT)
_LOOK_EVERY: Final = 0.5
_MOST_ENTRIES: Final = 500
_MOST_BYTES: Final = 8 * MEBIBYTE
"""Of one transaction."""


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
    family, stage = FAMILIES[system], _STAGES[system]
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
        counts = _fold(environment, family, stage, owners, received, is_inbox_gone=is_inbox_gone)
        if environment.name(family.ledger) in gone:
            counts["in_doubt"] = sum(_ask_about_doubts(owner) for owner in owners)
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
    """One that has ended without a goodbye is a member until its session ends, which is waited for."""
    group, until = f"{environment.prefix}{stage}", time.monotonic() + environment.settings.session_timeout
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
    letters = letter_topic(cluster, environment.prefix)
    largest = target_sizes(cluster, environment.prefix, family).limit
    count = environment.counts([family.ledger])[family.ledger]
    return [
        _owner(environment, _topics(environment, family, number, letters, largest), stage, resources)
        for number in range(count)
    ]


def _topics(
    environment: Environment, family: Family, number: int, letters: LetterTopic, largest: int
) -> PartitionTopics:
    return PartitionTopics(
        family=family, prefix=environment.prefix, number=number, letter_topic=letters, largest_command=largest
    )


def _owner(environment: Environment, topics: PartitionTopics, stage: str, resources: ExitStack) -> PartitionState[Any]:
    """Fences the partition's owner, then reads inbox and ledger to their ends."""
    settings, group = environment.settings, f"{environment.prefix}{stage}"
    transactions = Transactions(
        environment.connection, f"{group}-{topics.number}", timeout_s=settings.transaction_timeout
    )
    resources.callback(transactions.close)
    transactions.fence()
    stores = {Table.INBOX: topics.inbox, Table.LEDGER: topics.ledger}
    cache = restored(
        {Partition(name, topics.number): table for table, name in stores.items()},
        lambda partitions: read_to_end(environment.connection, partitions),
        lambda table, record: not is_own_key(table, record.key, topics.family.system),
    )
    resources.callback(cache.close)
    return PartitionState(
        stage=stage,
        adapter=_adapter(topics.family.system, settings.installation),
        command_type=ProcoreCommand if topics.family.system == "procore" else CinxCommand,
        store=StateStore(topics, cache, environment.codec),
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


# -- what is written


@dataclass(slots=True)
class _Pending:
    """What the next transaction of a partition writes, and the bytes that its entries take."""

    entries: list[LedgerEntry] = field(default_factory=list)
    claims: list[Hold] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.entries) + len(self.claims) >= _MOST_ENTRIES or self.size >= _MOST_BYTES


def _fold(
    environment: Environment,
    family: Family,
    stage: str,
    owners: Sequence[PartitionState[Any]],
    received: Sequence[ProcoreCommand | CinxCommand],
    *,
    is_inbox_gone: bool,
) -> Counter[str]:
    waiting = {subject for owner in owners for slot, subject in _slots(owner) if slot is not Slot.HOLD}
    counts: Counter[str] = Counter(entries=0, to_compare=0, in_review=0, in_doubt=0)
    pending = [_Pending() for _ in owners]
    for account, folded, is_open in folded_entries(environment, family, stage, waiting, received):
        number = tenant_partition(family.system, account, len(owners))
        owner, held = owners[number], owners[number].store.entry(folded.origin_id)
        entry = folded if held is None else to_compare(held, folded)
        if is_inbox_gone and family is CINX and entry.review is not None and entry.review.sent:
            pending[number].claims.append(_claim(owner, account, entry))
        if held is None or (is_open and LedgerFact.REBUILT not in held.remote):
            counts["entries"] += 1
            counts["to_compare"] += LedgerFact.REBUILT in entry.remote
            counts["in_review"] += entry.review is not None
            pending[number].entries.append(entry)
            pending[number].size += entry_size(entry)
        if pending[number].is_full:
            pending[number] = _put(owner, pending[number])
    for owner, rest in zip(owners, pending, strict=True):
        _put(owner, rest)
    return counts


def _slots(owner: PartitionState[Any]) -> Iterator[tuple[Slot, str]]:
    return ((slot, subject) for slot, subject, _ in owner.store.iter_inbox())


def _claim(owner: PartitionState[Any], account: str, entry: LedgerEntry) -> Hold:
    """The hold that was lost with the inbox: while a person reviews the entry, no other is sent to its place."""
    destination = order_scope(entry.destination) if entry.destination else ""
    tenant = f"{CINX.system}:{account}"
    return claim_of(tenant, destination, entry.change_order_key, entry.origin_id, owner.clock.now())


def _put(owner: PartitionState[Any], pending: _Pending) -> _Pending:
    """Commits what is pending; returns what is pending then."""
    work = UnitOfWork(owner.store)
    for entry in pending.entries:
        work.put_entry(entry)
    for claim in pending.claims:
        work.put_hold(claim.scope, claim)
    if not work.is_empty:
        owner.commit(work, TransactionKind.NOTE)
    return _Pending()


def _ask_about_doubts(owner: PartitionState[Any]) -> int:
    """Leaves to a person what had been sent without an answer; returns how many such there are.

    What is followed by its job, and what was cut off without a doubt about it, the writer takes up as after any
    restart.
    """
    asked = 0
    for slot, origin_id in list(_slots(owner)):
        order = owner.store.order(origin_id) if slot is Slot.INTENT else None
        intent = order.open_intent if order is not None and not order.frozen else None
        if order is None or order.record is None or intent is None or intent.job_id or intent.ambiguous_at is None:
            continue
        command, work = owner.command(order.record.command), UnitOfWork(owner.store)
        settle_sent(owner, work, order, command, NeedsReview(reason=REASON, sentence=_sentence(command), held=True))
        owner.commit(work, TransactionKind.SETTLE)
        asked += 1
    return asked


def _sentence(command: Command) -> str:
    return (
        f"Whether {command.system} had taken what was sent for this change order was not known when the relay's ledger "
        "was lost, and what it held before is not known any more either. Nothing is sent before a person decides. If "
        "the record is there, say `cor letters adopt` with its number or id; if it is not, or does not say what it "
        "should, say `cor letters resubmit`."
    )
