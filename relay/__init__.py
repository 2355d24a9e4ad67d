"""What pollers and workers share: the domain, the remote systems' clients, the Kafka engine."""
