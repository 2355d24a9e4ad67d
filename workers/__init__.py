"""Consumers: one file per stage."""
