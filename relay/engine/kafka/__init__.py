"""Kafka, as the rest of the product sees it: typed, bounded, read committed only."""

from __future__ import annotations

from relay.engine.kafka.cluster import Cluster, Member, TopicSpec
from relay.engine.kafka.connection import LARGEST_RECORD, Connection
from relay.engine.kafka.failures import (
    CommitFailed,
    Fenced,
    InstanceTaken,
    KafkaFailure,
    KafkaRefused,
    KafkaUnreachable,
    OffsetsLost,
    ReadOutOfRange,
    RecordsWithheld,
    RecordTooLarge,
    TopicsMissing,
)
from relay.engine.kafka.group_reader import GroupReader, Polled
from relay.engine.kafka.kafka_python_workarounds import BatchFilter, require_checksum
from relay.engine.kafka.partition_follower import PartitionFollower
from relay.engine.kafka.reading import Progress, holding, read_to_end, unwatched
from relay.engine.kafka.record_fetcher import RecordFetcher
from relay.engine.kafka.records import (
    WITHHELD,
    Generation,
    Headers,
    Outgoing,
    Partition,
    Record,
    Withheld,
    partition_of,
)
from relay.engine.kafka.security import Security
from relay.engine.kafka.sending import PlainWriter, bounded_batches
from relay.engine.kafka.transactions import Transaction, Transactions

__all__ = [
    "LARGEST_RECORD",
    "WITHHELD",
    "BatchFilter",
    "Cluster",
    "CommitFailed",
    "Connection",
    "Fenced",
    "Generation",
    "GroupReader",
    "Headers",
    "InstanceTaken",
    "KafkaFailure",
    "KafkaRefused",
    "KafkaUnreachable",
    "Member",
    "OffsetsLost",
    "Outgoing",
    "Partition",
    "PartitionFollower",
    "PlainWriter",
    "Polled",
    "Progress",
    "ReadOutOfRange",
    "Record",
    "RecordFetcher",
    "RecordTooLarge",
    "RecordsWithheld",
    "Security",
    "TopicSpec",
    "TopicsMissing",
    "Transaction",
    "Transactions",
    "Withheld",
    "bounded_batches",
    "holding",
    "partition_of",
    "read_to_end",
    "require_checksum",
    "unwatched",
]
