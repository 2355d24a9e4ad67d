"""What every stage runs in: its context, process, session loop, circuit breaker and crash points."""
