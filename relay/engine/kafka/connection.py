"""The one place where clients are made, with settings that the rest relies on."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, errors
from kafka.coordinator.assignors.range import RangePartitionAssignor

from relay.engine.kafka.client import Admin, Consumer, Producer
from relay.engine.kafka.client_log import calm_down, overheard
from relay.engine.kafka.connecting import explained
from relay.engine.kafka.failures import KafkaFailure
from relay.engine.kafka.kafka_python_workarounds import (
    BatchFilter,
    bound_unfolding,
    keep_requests,
    look_up_soon,
    mend_network,
    mend_offset_questions,
    network_client,
    require_checksum,
    require_tried_version,
)
from relay.engine.kafka.security import Security
from relay.engine.telemetry import events

_log = structlog.get_logger(__name__)

MEBIBYTE = 1024 * 1024
LARGEST_RECORD = 10 * MEBIBYTE
"""The largest record of any topic, and what the topics of letters and inboxes take."""

_ENVELOPE = MEBIBYTE  # Over the largest record: keys, headers, batch and request around it.
_LARGEST_BATCH = LARGEST_RECORD + _ENVELOPE  # Before compression; our producers make none that is larger.
_FETCH = 2 * _LARGEST_BATCH
_IN_PASSING_MS = 20
_CLIENT_NUMBERS = itertools.count(1)

_ANY_CLIENT: dict[str, object] = {
    # A broker that was restarted is found again in a second, not after half a minute.
    "reconnect_backoff_max_ms": 1_000,
    "metadata_max_age_ms": 60_000,
    # A fetch of a batch on top of a full one. More is said to come by what is not Kafka.
    "receive_message_max_bytes": _FETCH + _LARGEST_BATCH,
}
_READING: dict[str, object] = {
    "isolation_level": "read_committed",
    "auto_offset_reset": "none",
    "enable_auto_commit": False,
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "partition_assignment_strategy": (RangePartitionAssignor,),
    "fetch_max_bytes": _FETCH,
    "max_partition_fetch_bytes": _LARGEST_BATCH,
}
_WRITING: dict[str, object] = {
    "allow_auto_create_topics": False,
    "metrics_enabled": False,
    "compression_type": "lz4",
    "linger_ms": 5,
    "batch_size": 256 * 1024,
    "max_request_size": _LARGEST_BATCH,
    "max_block_ms": 5_000,
    "request_timeout_ms": 15_000,
    "delivery_timeout_ms": 30_000,
    # A transaction right after another finds the broker still writing the markers of the first,
    # and asks again after this time.
    "retry_backoff_ms": 10,
}

T = TypeVar("T")


class Connection:
    """Where Kafka is and how to prove who we are. Thread-safe; the clients that it makes are not.

    ``bootstrap_servers``: ``host:port``, several with commas. ``bootstrap_timeout``: seconds for
    one attempt to connect. Raises ``Fatal`` for a kafka-python that was not tried, or that lacks its
    checksum in C.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        *,
        security: Security | None = None,
        bootstrap_timeout: float = 5.0,
    ) -> None:
        require_tried_version()
        require_checksum()
        mend_network()
        mend_offset_questions()
        calm_down()
        self.bootstrap_servers = bootstrap_servers
        self._security = security or Security()
        self._timeout = bootstrap_timeout

    def __repr__(self) -> str:
        return f"Connection({self.bootstrap_servers!r})"

    def consumer(self, *, wanted: BatchFilter | None = None, in_passing: bool = False, **settings: object) -> Consumer:
        """A reader of committed records, which unfolds no batch beyond the largest of ours.

        ``wanted``: it passes over batches for which this says no. ``in_passing``: it is made for a question, and should
        be quick; one that stays asks a cluster in trouble less often.
        """
        client: Consumer = self._made(KafkaConsumer, "reader", {**_READING, **settings})
        bound_unfolding(client, _LARGEST_BATCH, wanted)
        if in_passing:
            look_up_soon(client, _IN_PASSING_MS)
        return client

    def producer(self, **settings: object) -> Producer:
        """A writer: idempotent, all replicas, compressed."""
        client: Producer = self._made(KafkaProducer, "writer", {**_WRITING, **settings})
        keep_requests(client)
        return client

    def admin(self, **settings: object) -> Admin:
        """For what concerns the cluster and its groups."""
        client: Admin = self._made(KafkaAdminClient, "admin", settings)
        return client

    def wait(self, seconds: float, stop: threading.Event | None = None) -> None:
        """Returns when Kafka answers; tries again for ``seconds``, or until ``stop`` is set.

        Raises what the last attempt met: ``KafkaUnreachable`` or ``KafkaRefused``.
        """
        until = time.monotonic() + seconds
        while True:
            try:
                self.admin().close()
            except KafkaFailure as failure:
                if time.monotonic() >= until or (stop or threading.Event()).wait(1.0):
                    raise type(failure)(f"{failure} (tried for {seconds:.0f} s)") from failure
                _log.warning(events.KAFKA_NOT_READY, message=str(failure))
            else:
                return

    def _made(self, kind: Callable[..., T], purpose: str, settings: dict[str, object]) -> T:
        client_id = f"cor-{purpose}-{next(_CLIENT_NUMBERS)}"
        with overheard(client_id) as met:
            try:
                with network_client() as network:
                    return kind(
                        bootstrap_servers=self.bootstrap_servers.split(","),
                        client_id=client_id,
                        bootstrap_timeout_ms=int(self._timeout * 1000),
                        kafka_client=network,
                        **_ANY_CLIENT,
                        **self._security.client_settings(),
                        **settings,
                    )
            except (errors.KafkaError, OSError) as error:
                raise explained(error, met, self.bootstrap_servers, self._security) from error
