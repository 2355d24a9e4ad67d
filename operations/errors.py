"""Refusals of what a person asked for."""

from __future__ import annotations


class Refused(Exception):
    """What was asked for cannot be done; the message says why, and what to do instead."""


class WrongUsage(Refused):
    """The options do not go together, or say nothing."""
