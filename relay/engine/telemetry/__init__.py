"""Logs, metrics, health and traces of a running process."""
