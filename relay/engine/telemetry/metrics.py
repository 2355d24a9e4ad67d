"""Every metric, in one place: a misspelt one is a type error.

Each has its meaning, and what to do about it where that is not plain, in its comment; the table in
``docs/metrics.md`` says the same to operators.
"""

from __future__ import annotations

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class MetricName(StrEnum):
    """The names as Prometheus shows them."""

    EVENTS_PUBLISHED = "cor_events_published_total"
    POLLS = "cor_polls_total"
    POLL_SECONDS = "cor_poll_seconds"
    LAST_POLL = "cor_last_successful_poll_timestamp_seconds"
    DELETIONS_ASKED = "cor_sweep_deletions_unconfirmed"
    RECORDS_READ = "cor_records_read_total"
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
    RESTORE_SECONDS = "cor_restore_seconds"
    SETTLED_AFTER = "cor_observed_to_settled_seconds"
    CONFIGURATION_VALID = "cor_configuration_valid"
    CONFIGURATION_REFUSED = "cor_configuration_refused_total"


_CALL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_WORK_BUCKETS = (0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600)


class Metrics:
    """The metrics of one process. Thread-safe. Tests make their own with a registry of their own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._pollers()
        self._stages()
        self._writers()
        self._remotes()
        self._configuration()

    def _pollers(self) -> None:
        # Observed changes; none for long while polls succeed may simply be a quiet day.
        self.events_published = self._counter(
            MetricName.EVENTS_PUBLISHED, "Events published.", "system", "account", "change"
        )
        # result is done or the failure's class.
        self.polls = self._counter(MetricName.POLLS, "Polls of an account.", "system", "account", "result")
        self.poll_seconds = self._histogram(
            MetricName.POLL_SECONDS, "Duration of a poll.", "system", "account", buckets=_WORK_BUCKETS
        )
        # Alert when older than three poll intervals.
        self.last_poll = self._gauge(MetricName.LAST_POLL, "When a poll last succeeded.", "system", "account")
        # Not 0: a sweep would delete suspiciously many change orders and waits for a person.
        self.deletions_asked = self._gauge(
            MetricName.DELETIONS_ASKED, "Deletions that wait for a person's word.", "system", "account"
        )

    def _stages(self) -> None:
        self.records_read = self._counter(MetricName.RECORDS_READ, "Records read.", "stage", "topic")
        self.commands_published = self._counter(
            MetricName.COMMANDS_PUBLISHED, "Commands published.", "system", "operation", "lane"
        )
        self.outcomes = self._counter(MetricName.OUTCOMES, "Outcomes published.", "stage", "kind")
        # Each is a change order that a person has to look at.
        self.letters = self._counter(MetricName.LETTERS, "Dead letters written.", "stage", "reason")
        self.letters_open = self._gauge(MetricName.LETTERS_OPEN, "Open dead letters.", "stage", "reason")
        self.letters_oldest = self._gauge(MetricName.LETTERS_OLDEST, "Age of the oldest open dead letter.", "stage")
        # 1: the stage has stopped itself, since nearly all that it reads would become letters.
        self.circuit_open = self._gauge(MetricName.CIRCUIT_OPEN, "Whether a stage has stopped itself.", "stage")
        # result is committed, aborted, failed or fenced.
        self.transactions = self._counter(MetricName.TRANSACTIONS, "Kafka transactions.", "stage", "result")
        self.partitions_owned = self._gauge(MetricName.PARTITIONS_OWNED, "Partitions assigned here.", "stage")

    def _writers(self) -> None:
        self.inbox = self._gauge(MetricName.INBOX, "Commands that wait or are under way.", "stage", "tenant", "lane")
        # The measure of delay: alert on it rather than on consumer lag.
        self.inbox_oldest = self._gauge(
            MetricName.INBOX_OLDEST, "Age of the oldest waiting command.", "stage", "tenant", "lane"
        )
        self.held = self._gauge(MetricName.HELD, "Change orders on hold.", "stage", "tenant", "reason")
        # Above 0 for 15 minutes: somebody should look with cor letters list.
        self.in_doubt = self._gauge(MetricName.IN_DOUBT, "Change orders with a write in doubt.", "stage", "tenant")
        # 1: credentials refused, app disconnected or subscription expired; resumes by itself once mended.
        self.tenant_blocked = self._gauge(MetricName.TENANT_BLOCKED, "Whether nothing can go out.", "tenant")
        self.restore_seconds = self._histogram(
            MetricName.RESTORE_SECONDS, "From assignment to work.", "stage", buckets=_WORK_BUCKETS
        )
        self.settled_after = self._histogram(
            MetricName.SETTLED_AFTER, "From observation to the terminal outcome.", "system", buckets=_WORK_BUCKETS
        )

    def _remotes(self) -> None:
        # result is the HTTP status, or the failure's class where no answer was read.
        self.remote_calls = self._counter(
            MetricName.REMOTE_CALLS, "Requests to a remote system.", "remote", "tenant", "operation", "result"
        )
        self.remote_call_seconds = self._histogram(
            MetricName.REMOTE_CALL_SECONDS, "Duration of a request.", "remote", "tenant", buckets=_CALL_BUCKETS
        )
        # Near 0 for long: the remote's rate limit is what bounds throughput.
        self.rate_budget = self._gauge(
            MetricName.RATE_BUDGET, "Share of the remote's rate window that is left.", "tenant", "window"
        )

    def _configuration(self) -> None:
        # 0: the file is wrong and the last good one is in force; the log event names each problem.
        self.configuration_valid = Gauge(
            MetricName.CONFIGURATION_VALID, "Whether the configuration file is in force.", registry=self.registry
        )
        self.configuration_refused = Counter(
            MetricName.CONFIGURATION_REFUSED, "Changed configuration files refused.", registry=self.registry
        )

    def _counter(self, name: MetricName, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self.registry)

    def _gauge(self, name: MetricName, meaning: str, *labels: str) -> Gauge:
        return Gauge(name, meaning, labels, registry=self.registry)

    def _histogram(self, name: MetricName, meaning: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, meaning, labels, registry=self.registry, buckets=buckets)
