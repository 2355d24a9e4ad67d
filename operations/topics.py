"""Topics, first offsets and names: compared with what this release declares, and brought to it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from operations.audit import AuditedTransaction, now
from operations.denied_ids import prove_ids
from operations.environment import Environment, codec_of, connection_of
from operations.errors import Refused, WrongUsage
from operations.known_losses import known_losses
from operations.pins import looked_up
from operations.preflight import await_registry, names_in, routes_in
from operations.renamed_targets import TargetsRenamed, renamed_targets
from operations.survey.calls import Calls
from operations.written_versions import write_what_all_read, writing_environment
from relay.domain.failures import Fatal
from relay.domain.records import NameRecord
from relay.engine import provision
from relay.engine.configuration import Configuration, load_configuration
from relay.engine.configuration.pins import placeholders
from relay.engine.kafka import Cluster, Outgoing
from relay.engine.provision import LostTopic, ProvisionReport, TopicsLost
from relay.engine.provision.lost_topics import KEPT_WHOLE
from relay.engine.settings import read_settings
from relay.engine.topics import ALL, NAMES, WORKS_ON, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Topics that may have been made again, by their names on the cluster, and targets that may write where another
    one did: a person's word, and why.
    """

    topics: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    who: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How the remotes are asked for what is new in the file: with ``calls``, and whether their denial counts."""

    calls: Calls
    unproven: bool = False


def apply(
    partitions: int | None, *, reset_lost_offsets: bool, looking: Looking, accept: Acceptance = Acceptance()
) -> tuple[ProvisionReport, tuple[str, ...], tuple[str, ...]]:
    """Creates what is missing, and writes down what names stand for and which topics these are.

    Returns the names that are new, and sentences about ids of which no remote could tell. Raises ``Fatal`` before
    anything is made where a topic was lost that is not accepted, ``WrongUsage`` where one is accepted that was not
    lost, or a target without a configuration; ``Refused``, with topics made and no name written down, where a remote
    denies what a new name stands for, or a number or name is nobody's, or several's; ``TargetsRenamed`` likewise, where
    a new target that is not accepted writes where another one did.
    """
    settings = read_settings()
    if accept.targets and settings.config is None:
        raise WrongUsage(
            f"no target is accepted without the file that has it (COR_CONFIG): {', '.join(accept.targets)}"
        )
    # A wrong file is refused before anything is made.
    if settings.config is not None:
        load_configuration(settings.config, secrets_of=(), pins=placeholders({}, {}))
    connection = connection_of(settings)
    connection.wait(settings.patience)
    await_registry(settings, threading.Event())
    environment = Environment(settings, connection, codec_of(settings))
    with Cluster(connection) as cluster:
        lost = known_losses(environment, cluster)
        _refuse_losses(environment, cluster, lost, accept)
        provision.refuse_outgrown(connection, cluster, environment.prefix)
        report = provision.apply(
            cluster,
            settings.topic_prefix,
            partitions=partitions,
            reset_lost_offsets_too=reset_lost_offsets,
            largest_message=settings.largest_message_bytes,
        )
        ids = cluster.topic_ids([environment.name(topic) for topic in ALL])
    write_what_all_read(environment)
    recorded = provision.recorded_names(connection, environment.codec, environment.prefix)
    configuration, pins, untold = _proven(environment, recorded, looking)
    if configuration is not None:
        _refuse_renamed(environment, configuration, recorded, accept)
    accept_topics(environment, lost, ids, accept)  # After what may be refused: repeated, it would have been done.
    accounts, targets = ([], []) if configuration is None else names_in(configuration)
    new = provision.record_names(
        connection,
        environment.codec,
        settings.topic_prefix,
        accounts=accounts,
        targets=targets,
        routes=[] if configuration is None else routes_in(configuration),
        topics=[(topic.base, ids[environment.name(topic)]) for topic in ALL],
        pins=pins.items(),
        now=now(),
    )
    return report, new, untold


def _proven(
    environment: Environment, recorded: Mapping[str, str], looking: Looking
) -> tuple[Configuration | None, dict[str, str], tuple[str, ...]]:
    """The configuration, what of it is to be pinned, and what nobody could tell about what is new in it."""
    file = environment.settings.config
    if file is None:
        return None, {}, ()
    known = {name.removeprefix("pin:"): id_ for name, id_ in recorded.items() if name.startswith("pin:")}
    configuration, pins = looked_up(Path(file), environment.settings, known, looking.calls)
    if looking.unproven:
        return configuration, pins, ()
    proven = prove_ids(configuration, environment.settings, recorded.keys(), looking.calls)
    if proven.denied:
        raise Refused(
            f"{'; '.join(proven.denied)}. No name was written down: correct the file, or say --unproven if it is to be "
            "kept all the same"
        )
    return configuration, pins, tuple(proven.untold)


def _refuse_losses(environment: Environment, cluster: Cluster, lost: Sequence[LostTopic], accept: Acceptance) -> None:
    replaced = {environment.name(found.topic): found.topic for found in lost if found.replaced}
    strange = [name for name in accept.topics if name not in replaced]
    if strange:
        raise WrongUsage(f"not lost, so that nothing has to be accepted: {', '.join(strange)}")
    left = [found for found in lost if environment.name(found.topic) not in accept.topics]
    if left:
        raise TopicsLost(left)
    for name in accept.topics:
        _require_stopped(environment, cluster, name, replaced[name])


def _refuse_renamed(
    environment: Environment, configuration: Configuration, recorded: Mapping[str, str], accept: Acceptance
) -> None:
    renamed = renamed_targets(environment, configuration, recorded)
    strange = sorted(set(accept.targets) - {one.shown for one in renamed})
    if strange:
        raise WrongUsage(f"no new target that writes where another one did: {', '.join(strange)}")
    left = [one for one in renamed if one.shown not in accept.targets]
    if left:
        raise TargetsRenamed(left)
    if not renamed:
        return
    # As `record_names`, whose user this is: no other may write under another id.
    with AuditedTransaction(environment, accept.who, accept.why, f"{environment.prefix}names") as transaction:
        actions = [
            transaction.action(one.shown, "target accepted", {"former": one.former, "where": one.where})
            for one in renamed
        ]
        transaction.commit([], actions)


def _require_stopped(environment: Environment, cluster: Cluster, name: str, topic: Topic) -> None:
    """A writer that goes on from memory would fill the topic with what alone is new to it."""
    for stage, topics in WORKS_ON.items():
        members = cluster.members(f"{environment.prefix}{stage}") if topic in topics and topic in KEPT_WHOLE else ()
        if members:
            named = sorted(member.instance for member in members if member.instance is not None)
            away = f", or name it to `cor members remove {stage}` ({', '.join(named)})" if named else ""
            raise Fatal(
                f"{name} is not accepted while {stage} has members (`cor members list {stage}`): stop them. One that "
                f"has ended counts until its session is over: wait for that{away}"
            )


def accept_topics(
    environment: Environment, lost: Sequence[LostTopic], ids: Mapping[str, str], accept: Acceptance
) -> None:
    """Writes down ``ids`` of those of ``lost`` that are accepted, each with its audit entry."""
    if not accept.topics:
        return
    at, topic_of_names = now(), environment.name(NAMES)
    # As `record_names`: of two processes that do this at once one waits.
    with AuditedTransaction(environment, accept.who, accept.why, f"{environment.prefix}names") as transaction:
        effects, actions = [], []
        for found in lost:
            if environment.name(found.topic) not in accept.topics:
                continue
            record = provision.topic_record(found.topic.base, ids[environment.name(found.topic)], at)
            effects.append(
                Outgoing(topic_of_names, record.name.encode(), environment.codec.encode(record, topic_of_names))
            )
            details = {"lost": found.sentence, "to": record.stands_for}
            actions.append(transaction.action(record.name, "topic accepted", details, at))
        transaction.commit(effects, actions)


def diff(partitions: int | None) -> ProvisionReport:
    """Compares the cluster with what is declared; changes nothing."""
    settings = read_settings()
    with Cluster(connection_of(settings)) as cluster:
        return provision.diff(
            cluster, settings.topic_prefix, partitions=partitions, largest_message=settings.largest_message_bytes
        )


def moved(account: str, *, who: str, why: str) -> tuple[NameRecord, str]:
    """Records that an account stands for the remote account that is configured now; returns what it stood for, too.

    Raises ``WrongUsage`` for a name that is no account of the configuration, ``Fatal`` where nothing has moved.
    """
    environment = writing_environment()
    accounts, _ = names_in(environment.configuration)
    meanings = dict(accounts)
    if account not in meanings:
        configured = ", ".join(sorted(meanings)) or "it has none"
        raise WrongUsage(f"{account} is no account of the configuration: {configured}")
    at = now()
    record, before = provision.moved(
        environment.connection, environment.codec, environment.prefix, (account, meanings[account]), at
    )
    topic = environment.name(NAMES)
    effect = Outgoing(topic, record.name.encode(), environment.codec.encode(record, topic))
    # As `record_names`: of two processes that do this at once one waits.
    with AuditedTransaction(environment, who, why, f"{environment.prefix}names") as transaction:
        details = {"from": before, "to": record.stands_for}
        transaction.commit([effect], [transaction.action(record.name, "moved", details, at)])
    return record, before
