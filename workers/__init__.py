"""Consumers: the mapper, the dead-letter keeper and the two writers, one package or file each."""
