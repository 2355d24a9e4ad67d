"""Every metric, in one place: a misspelt one is a type error.

Each says what it means and, where that is not plain, what to do about it. ``docs/metrics.md`` is
written from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class MetricName(StrEnum):
    """The names as Prometheus shows them."""

    EVENTS_PUBLISHED = "cor_events_published_total"
    POLLS = "cor_polls_total"
    POLL_SECONDS = "cor_poll_seconds"
    LAST_POLL = "cor_last_successful_poll_timestamp_seconds"
    POLL_INTERVAL = "cor_poll_interval_planned_seconds"
    DELETIONS_ASKED = "cor_sweep_deletions_unconfirmed"
    RECORDS_READ = "cor_records_read_total"
    RECORDS_FOREIGN = "cor_records_foreign_total"
    COMMANDS_PUBLISHED = "cor_commands_published_total"
    OUTCOMES = "cor_outcomes_total"
    LETTERS = "cor_letters_total"
    LETTERS_OPEN = "cor_letters_open"
    LETTERS_OLDEST = "cor_letters_oldest_age_seconds"
    CIRCUIT_OPEN = "cor_circuit_open"
    INBOX = "cor_inbox_records"
    INBOX_OLDEST = "cor_inbox_oldest_age_seconds"
    HELD = "cor_held_change_orders"
    IN_DOUBT = "cor_in_doubt_change_orders"
    TENANT_BLOCKED = "cor_tenant_blocked"
    REMOTE_CALLS = "cor_remote_calls_total"
    REMOTE_CALL_SECONDS = "cor_remote_call_seconds"
    RATE_BUDGET = "cor_rate_budget_remaining_ratio"
    TRANSACTIONS = "cor_transactions_total"
    PARTITIONS_OWNED = "cor_partitions_owned"
    STAGE_READY = "cor_stage_ready"
    RESTORE_SECONDS = "cor_restore_seconds"
    SETTLED_AFTER = "cor_mapped_to_settled_seconds"
    TOPIC_LOST = "cor_topic_lost"
    VIEWS_BEHIND = "cor_views_behind_records"
    VIEWS_READ = "cor_views_last_read_timestamp_seconds"
    CONTROL_AGE = "cor_control_age_seconds"
    PEOPLE_HOLDS = "cor_people_holds"
    CONFIGURATION_VALID = "cor_configuration_valid"
    CONFIGURATION_REFUSED = "cor_configuration_refused_total"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the documentation says of a metric."""

    name: MetricName
    kind: str
    labels: tuple[str, ...]
    meaning: str


_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WORK_BUCKETS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)


class Metrics:
    """The metrics of one process. Thread-safe. Tests make their own, with a registry of their own.

    A gauge of a state that several partitions share is set by whoever keeps the whole of it.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.declared: list[Declared] = []
        self._pollers()
        self._stages()
        self._letters()
        self._writers()
        self._remotes()
        self._views()
        self._control()
        self._configuration()

    def _pollers(self) -> None:
        name = MetricName
        account = ("system", "account")
        self.events_published = self._counter(
            name.EVENTS_PUBLISHED, (*account, "change"), "Events published. None for long may be a quiet day."
        )
        self.polls = self._counter(name.POLLS, (*account, "result"), "Polls; result is done or the failure's class.")
        self.poll_seconds = self._histogram(name.POLL_SECONDS, account, _WORK_BUCKETS, "Duration of a poll.")
        self.last_poll = self._gauge(
            name.LAST_POLL,
            account,
            "When a poll last succeeded. Before the first one in a process: when it took the account over, or since "
            "when polls fail, where an earlier process wrote that down. Alert when older than three planned intervals.",
        )
        self.poll_interval = self._gauge(
            name.POLL_INTERVAL,
            account,
            "Between two looks at the same change orders: poll_interval, or longer where the rate budget is too small.",
        )
        self.deletions_asked = self._gauge(
            name.DELETIONS_ASKED,
            account,
            "Deletions that a sweep would publish but for their number; not 0: a person has to look at the source.",
        )

    def _stages(self) -> None:
        name = MetricName
        self.records_read = self._counter(name.RECORDS_READ, ("stage", "topic"), "Records read from Kafka.")
        self.records_foreign = self._counter(
            name.RECORDS_FOREIGN,
            ("stage", "topic"),
            "Records with foreign keys on topics of the relay's own, counted at each restore; the log names them.",
        )
        self.commands_published = self._counter(
            name.COMMANDS_PUBLISHED, ("system", "operation", "lane"), "Commands published."
        )
        self.outcomes = self._counter(name.OUTCOMES, ("stage", "kind"), "Outcomes published.")
        self.circuit_open = self._gauge(
            name.CIRCUIT_OPEN,
            ("stage",),
            "1: the stage has stopped itself, since nearly all that it reads would become letters. Mend the routes.",
        )
        self.transactions = self._counter(
            name.TRANSACTIONS, ("stage", "result"), "Kafka transactions: committed, aborted, failed or fenced."
        )
        self.topic_lost = self._gauge(
            name.TOPIC_LOST,
            ("topic",),
            "1: the topic was deleted, was made again, or has lost its beginning. The stages that work on it stop; "
            "those that do not go on and show this, too.",
        )
        self.partitions_owned = self._gauge(
            name.PARTITIONS_OWNED,
            ("stage",),
            "Partitions assigned to this process; 0 while it waits for Kafka. Alert when none of a stage has any.",
        )
        self.stage_ready = self._gauge(
            name.STAGE_READY,
            ("stage",),
            "1: the stage has joined, has restored what it works on, and works; 0: it waits, or begins again. Alert "
            "when no process of a stage is ready for most of a quarter of an hour.",
        )

    def _letters(self) -> None:
        name = MetricName
        self.letters = self._counter(
            name.LETTERS, ("stage", "reason"), "Dead letters written. Each is a change order to be looked at."
        )
        self.letters_open = self._gauge(name.LETTERS_OPEN, ("stage", "reason"), "Open dead letters.")
        self.letters_oldest = self._gauge(name.LETTERS_OLDEST, ("stage",), "Age of the oldest open dead letter.")

    def _writers(self) -> None:
        name = MetricName
        lane = ("stage", "tenant", "lane")
        self.inbox = self._gauge(name.INBOX, lane, "Commands that wait or are under way.")
        self.inbox_oldest = self._gauge(
            name.INBOX_OLDEST, lane, "Age of the oldest waiting command: the delay. Alert on it rather than on lag."
        )
        self.held = self._gauge(name.HELD, ("stage", "tenant", "reason"), "Change orders on hold.")
        self.in_doubt = self._gauge(
            name.IN_DOUBT,
            ("stage", "tenant"),
            "Change orders whose last write is unknown. Above 0 for 15 minutes: look with cor letters list.",
        )
        self.tenant_blocked = self._gauge(
            name.TENANT_BLOCKED,
            ("tenant",),
            "1: credentials refused, app disconnected or subscription expired. Resumes by itself once mended.",
        )
        self.restore_seconds = self._histogram(
            name.RESTORE_SECONDS, ("stage",), _WORK_BUCKETS, "From the assignment of a partition to its work."
        )
        self.settled_after = self._histogram(
            name.SETTLED_AFTER, ("system",), _WORK_BUCKETS, "From the mapping of a command to its terminal outcome."
        )

    def _remotes(self) -> None:
        name = MetricName
        self.remote_calls = self._counter(
            name.REMOTE_CALLS,
            ("remote", "tenant", "operation", "result"),
            "Requests to a remote system; result is the HTTP status, or the failure's class without an answer.",
        )
        self.remote_call_seconds = self._histogram(
            name.REMOTE_CALL_SECONDS, ("remote", "tenant"), _CALL_BUCKETS, "Duration of a request."
        )
        self.rate_budget = self._gauge(
            name.RATE_BUDGET,
            ("tenant", "window"),
            "Share of the remote's rate window that is left. Near 0 for long: the limit bounds throughput.",
        )

    def _views(self) -> None:
        name = MetricName
        behind = "Offsets that the tables of views are behind their topics. Pages and reports are as old as that."
        read = "When the tables of views last had everything that was on the topics."
        self.views_behind = Gauge(name.VIEWS_BEHIND, behind, registry=self.registry)
        self.views_read = Gauge(name.VIEWS_READ, read, registry=self.registry)
        self.declared += [
            Declared(name.VIEWS_BEHIND, "gauge", (), behind),
            Declared(name.VIEWS_READ, "gauge", (), read),
        ]

    def _control(self) -> None:
        name = MetricName
        age = "Seconds since the control topic was read to its end. Above COR_SEND_WINDOW nothing new is written."
        holds = "Holds by people on the control topic: see cor holds list."
        self.control_age = Gauge(name.CONTROL_AGE, age, registry=self.registry)
        self.people_holds = Gauge(name.PEOPLE_HOLDS, holds, registry=self.registry)
        self.declared += [
            Declared(name.CONTROL_AGE, "gauge", (), age),
            Declared(name.PEOPLE_HOLDS, "gauge", (), holds),
        ]

    def _configuration(self) -> None:
        name = MetricName
        valid = "0: the configuration file is wrong and the last good one is in force; the log names each problem."
        refused = "Changed configuration files that were refused."
        self.configuration_valid = Gauge(name.CONFIGURATION_VALID, valid, registry=self.registry)
        self.configuration_refused = Counter(name.CONFIGURATION_REFUSED, refused, registry=self.registry)
        self.declared += [
            Declared(name.CONFIGURATION_VALID, "gauge", (), valid),
            Declared(name.CONFIGURATION_REFUSED, "counter", (), refused),
        ]

    def _counter(self, name: MetricName, labels: tuple[str, ...], meaning: str) -> Counter:
        self.declared.append(Declared(name, "counter", labels, meaning))
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: MetricName, labels: tuple[str, ...], meaning: str) -> Gauge:
        self.declared.append(Declared(name, "gauge", labels, meaning))
        return Gauge(name, meaning, labels, registry=self.registry)

    def _histogram(
        self, name: MetricName, labels: tuple[str, ...], buckets: tuple[float, ...], meaning: str
    ) -> Histogram:
        self.declared.append(Declared(name, "histogram", labels, meaning))
        return Histogram(name, meaning, labels, registry=self.registry, buckets=buckets)
