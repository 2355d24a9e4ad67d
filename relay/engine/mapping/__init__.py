"""Mapping decisions as Kafka records; commands mapped anew for redrive and replay."""
