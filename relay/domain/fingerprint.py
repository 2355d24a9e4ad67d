"""The fingerprint of a change order: what has to differ for an observation to be an event.

It is SHA-256 over the business content in canonical form. What only bookkeeping changes (invoiced
amounts, the time of a modification or of a decision, archiving, a project's new name) is not in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from relay.domain.change_order import ChangeOrder
from relay.domain.identity import content_hash

CURRENT_VERSION = 1
"""Raised whenever :data:`FORMS` or the reading of a source gives another form to the same content."""

Form = Callable[[ChangeOrder], object]


def _first_form(change_order: ChangeOrder) -> object:
    return replace(change_order, project_name=None, created_on=None, decided_on=None)


FORMS: dict[int, Form] = {1: _first_form}
"""Every form that was ever published, so that a new one can be told from a change."""


def fingerprint(change_order: ChangeOrder, version: int = CURRENT_VERSION) -> str:
    """The fingerprint in one version of the form. Raises ``KeyError`` for a version that never was."""
    return content_hash(FORMS[version](change_order))
