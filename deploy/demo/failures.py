"""Why a demonstration ends early."""

from __future__ import annotations


class DemoFailed(RuntimeError):
    """Something was not as the story has it; the message says what was expected and what was found."""
