"""The settings of a small broker that is its own controller, for one machine and a short life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.ports import LOOPBACK
from deploy.local.services import USER

CLUSTER_ID = "bG9jYWwtY2hhbmdlLW9yZA"  # a base64 UUID, as Kafka wants one; it names nothing

LARGEST_REQUEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """Where the broker binds, and what it tells clients. Ports are of the loopback address, or of ``host``.

    ``own`` is the listener over which the broker reaches itself. It is bound where the broker runs and
    advertised as it is bound: in a container nobody listens on the ports that clients are told, which
    are the host's, and a transaction whose coordinator cannot reach its own broker never ends.
    """

    plain: int
    sasl: int
    own: int
    controller: int
    bind: str = LOOPBACK
    host: str = LOOPBACK
    bound_plain: int | None = None
    bound_sasl: int | None = None

    def settings(self) -> dict[str, str]:
        """Kafka's settings for the four listeners."""
        plain, sasl = self.bound_plain or self.plain, self.bound_sasl or self.sasl
        return {
            "listeners": f"CLIENT://{self.bind}:{plain},SASL://{self.bind}:{sasl},"
            f"BROKER://{LOOPBACK}:{self.own},CONTROLLER://{LOOPBACK}:{self.controller}",
            "advertised.listeners": f"CLIENT://{self.host}:{self.plain},SASL://{self.host}:{self.sasl},"
            f"BROKER://{LOOPBACK}:{self.own}",
            "listener.security.protocol.map": (
                "CLIENT:PLAINTEXT,SASL:SASL_PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT"
            ),
            "inter.broker.listener.name": "BROKER",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@{LOOPBACK}:{self.controller}",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "listener.name.sasl.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
        }


def broker_settings(listeners: Listeners, data: str) -> dict[str, str]:
    """All settings, by Kafka's own names."""
    return {
        "process.roles": "broker,controller",
        "node.id": "1",
        **listeners.settings(),
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        **_RIGHTS,
        "num.partitions": "1",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        **_INTERNAL_TOPICS,
        **_SMALL,
        **_PROMPT,
    }


# Whoever comes over a listener without authentication may do everything, as the broker itself does, and so may the
# one user that is always there; other users need rights.
_RIGHTS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:ANONYMOUS;User:{USER}",
}


def node_settings(node: int, listeners: Listeners, controllers: Mapping[int, int], data: str) -> dict[str, str]:
    """The settings of one of several brokers that are their own controllers: three replicas, of which two must have
    a write. ``controllers``: the port of each node's controller by the node's number.

    How soon a broker counts as gone, and a replica as behind, is left at Kafka's defaults, which production has.
    """
    voters = ",".join(f"{number}@{LOOPBACK}:{port}" for number, port in controllers.items())
    ours = broker_settings(listeners, data)
    for name in _OF_PRODUCTION:
        del ours[name]
    return {**ours, "node.id": str(node), "controller.quorum.voters": voters, **_REPLICATED}


_OF_PRODUCTION = ("broker.session.timeout.ms", "broker.heartbeat.interval.ms")

_REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    # One partition: whoever leads it leads every transaction.
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}

# One broker holds the only replica of everything; few partitions start and stop quickly.
_INTERNAL_TOPICS = {
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
}

_SMALL = {
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
    "log.cleaner.dedupe.buffer.size": str(8 * 1024 * 1024),
    "log.index.size.max.bytes": str(1024 * 1024),
    "socket.request.max.bytes": str(LARGEST_REQUEST),
    "producer.id.expiration.ms": "86400000",
    # Others of its cluster may start much later on a busy machine. By default it waits for a minute, and ends.
    "initial.broker.registration.timeout.ms": "240000",
}

_PROMPT = {
    # A group of one need not wait for others, and tests want short sessions.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A transaction that a killed producer left open is aborted when its time is up, not at the
    # next round of a ten-second sweep.
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
    # A broker that was killed may come back only when the controller has given its session up.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "500",
    "log.retention.check.interval.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
}


def as_properties(settings: dict[str, str]) -> str:
    """The text of a ``server.properties``."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def as_environment(settings: dict[str, str]) -> dict[str, str]:
    """The variables from which the ``apache/kafka`` image writes its ``server.properties``.

    Source: Apache Kafka, 'Docker image usage guide': dots become one underscore, underscores
    two, dashes three, after the prefix ``KAFKA_``.
    """
    return {f"KAFKA_{_variable(name)}": value for name, value in settings.items()}


def _variable(name: str) -> str:
    return name.replace("_", "__").replace("-", "___").replace(".", "_").upper()
