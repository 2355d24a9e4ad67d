"""What was written at a remote system, in records and in money."""
