"""What a decision about an event becomes on Kafka: commands, outcomes and a letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from relay.domain import identity
from relay.domain.commands import Lane, TargetCommand
from relay.domain.events import ChangeOrderObserved
from relay.domain.ledger_size import estimated_entry_size
from relay.domain.letters import MAPPER, PROJECT_HEADER, DeadLetter, LetterHeader, LetterKind, SourceProject
from relay.domain.mapping import Decision, Refusal, Skip, reasons, sentences
from relay.domain.outcomes import ChangeOrderOutcome, OutcomeKind
from relay.engine.kafka import Cluster, Connection, Outgoing
from relay.engine.letters import Failure, LetterRecords, LetterTopic, failure_headers, letter_topic, new_letter
from relay.engine.outcome_records import outcome_record
from relay.engine.sizes import DECLARED, TargetSizes, TopicLimits, target_sizes
from relay.engine.source_record import SourceRecord
from relay.engine.telemetry.tracing import TRACE_HEADERS, Headers
from relay.engine.topics import FAMILIES, LETTERS, OUTCOMES
from schemas.codec import Codec


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedDecision:
    """The records of one event, and what the metrics count of them."""

    outgoing: tuple[Outgoing, ...]
    commands: tuple[TargetCommand, ...] = ()
    lane: Lane = Lane.LIVE
    outcomes: tuple[OutcomeKind, ...] = ()
    letter_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTopics:
    """``partitions``: of every target's commands topic, by its name without the prefix. ``sizes``: by target system.

    ``limits``: of every topic that mapping writes to.
    """

    partitions: Mapping[str, int]
    letters: LetterTopic
    sizes: Mapping[str, TargetSizes] = field(default_factory=lambda: DECLARED)
    limits: TopicLimits = field(default_factory=TopicLimits.declared)


class DecisionRecords:
    """Makes records of decisions. Thread-safe."""

    def __init__(self, codec: Codec, prefix: str, topics: TargetTopics) -> None:
        self._codec = codec
        self._prefix = prefix
        self._partitions = topics.partitions
        self._sizes = topics.sizes
        self._limits = topics.limits
        self._letters = LetterRecords(codec, prefix, topics.letters)
        self._unrouted_since: dict[str, datetime] = {}

    def write(
        self,
        decision: Decision,
        event: ChangeOrderObserved,
        original: SourceRecord,
        at: datetime,
        command_headers: Headers = (),
        letters: Mapping[str, DeadLetter] = MappingProxyType({}),
    ) -> EncodedDecision:
        """The records of a decision. ``letters``: by origin id, those that commands carry beside ``command_headers``.

        Raises ``Unwritable`` where a schema cannot hold a value, or a topic a record.
        """
        decision, sent = self._sendable(decision, command_headers, letters)
        outcomes = [self._skipped(skip, event, original, at) for skip in decision.skips]
        project = unrouted_project(decision.refusals, event, original)
        letter_id = _project_letter_id(project) if project else original.letter_id(MAPPER)
        outcomes += [_refused(refusal, event, original, at, letter_id) for refusal in decision.refusals]
        trace = trace_part(original.headers)
        reports = [self._outcome(outcome, trace) for outcome in outcomes]
        if decision.refusals:
            reports.append(self._letters.written(self._letter(decision, event, original, at)))
        for record in (*sent, *reports):
            self._limits.check(record)
        return EncodedDecision(
            outgoing=(*sent, *reports),
            commands=decision.commands,
            lane=decision.lane,
            outcomes=tuple(outcome.kind for outcome in outcomes),
            letter_reason=decision.refusals[0].reason if decision.refusals else None,
        )

    def unreadable(self, original: SourceRecord, reason: str, message: str, at: datetime) -> EncodedDecision:
        """The letter of bytes that are no event, and the outcome where the key tells whose they were."""
        key = known_key(original.key)
        letter = _unreadable_letter(original, key, reason, message, at)
        reports = [self._letters.written(letter)]
        if key is not None:
            reports.append(self._outcome(_unreadable_outcome(letter, key, at), trace_part(original.headers)))
        kinds = (OutcomeKind.REJECTED,) if key is not None else ()
        return EncodedDecision(outgoing=tuple(reports), outcomes=kinds, letter_reason=reason)

    def settled(self, letter: DeadLetter) -> Outgoing:
        """The tombstone of a letter."""
        return self._letters.settled(letter.letter_id, letter.change_order_key)

    def _letter(
        self, decision: Decision, event: ChangeOrderObserved, original: SourceRecord, at: datetime
    ) -> DeadLetter:
        """The letter of the event; one for all of a project that no route takes, however often it is written."""
        project = unrouted_project(decision.refusals, event, original)
        if project is None:
            return _letter(decision, event, original, at)
        since = self._unrouted_since.setdefault(_project_letter_id(project), at)
        return _project_letter(project, event, original, since, at)

    def _sendable(
        self, decision: Decision, headers: Headers, letters: Mapping[str, DeadLetter]
    ) -> tuple[Decision, list[Outgoing]]:
        """The commands as records; one that no topic would take becomes a refusal."""
        sent, kept, refused = [], [], list(decision.refusals)
        for command in decision.commands:
            letter = letters.get(command.origin_id)
            carried = headers if letter is None else (*failure_headers(letter), *headers)
            record = self._command(command, decision.lane, carried)
            why = self._why_too_large(command, len(record.value or b""))
            if why is not None:
                refused.append(_too_large(command, decision.shown.get(command.target, command.target), why))
            else:
                kept.append(command)
                sent.append(record)
        return replace(decision, commands=tuple(kept), refusals=tuple(refused)), sent

    def _why_too_large(self, command: TargetCommand, size: int) -> str | None:
        """Why no topic would take the command, or what the ledger is to keep of it; ``None`` where they do."""
        sizes = self._sizes[command.system]
        if size > sizes.command:
            return f"takes {size} bytes, and the topics carry at most {sizes.command}"
        entry = estimated_entry_size(command)
        if entry > sizes.entry:
            return (
                f"has so many lines that the ledger might need {entry} bytes for them, and keeps at most {sizes.entry}"
            )
        return None

    def _command(self, command: TargetCommand, lane: Lane, headers: Headers) -> Outgoing:
        family = FAMILIES[command.system]
        topic = (family.commands if lane is Lane.LIVE else family.backfill).name(self._prefix)
        number = identity.tenant_partition(command.system, command.account, self._partitions[family.commands.base])
        value = self._codec.encode(command, topic)
        return Outgoing(topic, command.origin_id.encode(), value, number, headers)

    def _outcome(self, outcome: ChangeOrderOutcome, headers: Headers) -> Outgoing:
        return outcome_record(self._codec, outcome, OUTCOMES.name(self._prefix), self._limits, headers)

    def _skipped(
        self, skip: Skip, event: ChangeOrderObserved, original: SourceRecord, at: datetime
    ) -> ChangeOrderOutcome:
        return ChangeOrderOutcome(
            outcome_id=identity.outcome_id(event.event_id, OutcomeKind.SKIPPED.value, f"{skip.reason} {at}"),
            kind=OutcomeKind.SKIPPED,
            stage=MAPPER,
            change_order_key=event.key,
            at=at,
            sequence=event.sequence,
            event=original.reference(event),
            mapped_at=at,
            reason=skip.reason,
            sentence=skip.sentence,
        )


def unrouted_project(
    refusals: Sequence[Refusal], event: ChangeOrderObserved, original: SourceRecord
) -> SourceProject | None:
    """The project that the refusals are about as a whole. An event that has a letter of its own keeps it."""
    if event.project is None or original.earlier is not None:
        return None
    if [refusal.reason for refusal in refusals] != [reasons.ROUTE_MISSING]:
        return None
    return SourceProject(system=event.system, account=event.account, project=event.project)


def _project_letter_id(project: SourceProject) -> str:
    return identity.project_letter_id(project.system, project.account, project.project)


def _project_letter(
    project: SourceProject, event: ChangeOrderObserved, original: SourceRecord, since: datetime, at: datetime
) -> DeadLetter:
    """It holds no record: redriving it replays the project."""
    return DeadLetter(
        letter_id=_project_letter_id(project),
        kind=LetterKind.REJECTED,
        stage=MAPPER,
        topic=original.topic,
        partition=original.partition,
        offset=original.offset,
        record_key=None,
        record_value=None,
        headers=(LetterHeader(name=PROJECT_HEADER, value=str(project).encode()),),
        change_order_key=None,
        origin_id=None,
        command_id=None,
        reason=reasons.ROUTE_MISSING,
        sentence=sentences.project_unrouted(event),
        remote_answer="",
        attempts=1,
        first_at=since,
        last_at=at,
    )


def _refused(
    refusal: Refusal, event: ChangeOrderObserved, original: SourceRecord, at: datetime, letter_id: str
) -> ChangeOrderOutcome:
    occasion = f"{refusal.origin_id} {at}"
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(event.event_id, OutcomeKind.REJECTED.value, occasion),
        kind=OutcomeKind.REJECTED,
        stage=MAPPER,
        change_order_key=event.key,
        at=at,
        sequence=event.sequence,
        event=original.reference(event),
        system=refusal.system,
        account=refusal.account,
        target=refusal.target,
        origin_id=refusal.origin_id,
        mapped_at=at,
        reason=refusal.reason,
        sentence=refusal.sentence,
        letter_id=letter_id,
    )


def target_topics(connection: Connection, prefix: str) -> TargetTopics:
    """The topics that mapping writes to, as they are on the cluster. Raises ``TopicsMissing``."""
    commands = [family.commands for family in FAMILIES.values()]
    written = [OUTCOMES, LETTERS, *(lane for family in FAMILIES.values() for lane in family.lanes)]
    with Cluster(connection) as cluster:
        return TargetTopics(
            partitions={topic.base: cluster.partitions(topic.name(prefix)) for topic in commands},
            letters=letter_topic(cluster, prefix),
            sizes={system: target_sizes(cluster, prefix, family) for system, family in FAMILIES.items()},
            limits=TopicLimits.on_cluster(cluster, prefix, written),
        )


def known_key(key: bytes | None) -> str | None:
    """The change-order key that a record's key is, or ``None``: none of ours takes more than a kilobyte."""
    if key is None or len(key) > identity.LONGEST_KEY:
        return None
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return None
    pieces = text.split(":", 2)
    return text if len(pieces) == 3 and all(pieces) else None


def _letter(decision: Decision, event: ChangeOrderObserved, original: SourceRecord, at: datetime) -> DeadLetter:
    """One letter for the event, whichever and however many of its targets are refused."""
    origins = {refusal.origin_id for refusal in decision.refusals}
    failure = Failure(
        kind=LetterKind.REJECTED,
        reason=decision.refusals[0].reason,
        sentence=" ".join(dict.fromkeys(_sentences(decision))),
    )
    return new_letter(
        original,
        failure,
        stage=MAPPER,
        at=at,
        change_order_key=event.key,
        origin_id=origins.pop() if len(origins) == 1 else None,
    )


def _sentences(decision: Decision) -> Iterator[str]:
    for refusal in decision.refusals:
        if len(decision.refusals) > 1 and refusal.target is not None:
            yield f'Target "{decision.shown.get(refusal.target, refusal.target)}": {refusal.sentence}'
        else:
            yield refusal.sentence


def _unreadable_letter(original: SourceRecord, key: str | None, reason: str, message: str, at: datetime) -> DeadLetter:
    sentence = (
        f"A record on {original.topic} is no event that this release can read ({message}). Find out who wrote it; once "
        "a release can read it, redrive this letter. The change order's next change is not affected."
    )
    failure = Failure(kind=LetterKind.UNREADABLE, reason=reason, sentence=sentence)
    return new_letter(original, failure, stage=MAPPER, at=at, change_order_key=key)


def _unreadable_outcome(letter: DeadLetter, key: str, at: datetime) -> ChangeOrderOutcome:
    return ChangeOrderOutcome(
        outcome_id=identity.outcome_id(letter.letter_id, OutcomeKind.REJECTED.value, str(at)),
        kind=OutcomeKind.REJECTED,
        stage=MAPPER,
        change_order_key=key,
        at=at,
        sequence=0,
        reason=letter.reason,
        sentence=letter.sentence,
        letter_id=letter.letter_id,
    )


def trace_part(headers: Headers) -> Headers:
    """Those of an event's headers that carry its trace."""
    return tuple(header for header in headers if header[0] in TRACE_HEADERS)


def _too_large(command: TargetCommand, shown: str, why: str) -> Refusal:
    return Refusal(
        reason=reasons.about(command.system, "command_too_large"),
        sentence=f'What target "{shown}" is to say {why}. Nothing was sent. Shorten the texts of the change '
        "order in the source or split it.",
        system=command.system,
        account=command.account,
        target=command.target,
        origin_id=command.origin_id,
    )
