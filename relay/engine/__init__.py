"""Kafka: facade, worker loops, transactions, the writers' protocol, settings and telemetry."""
