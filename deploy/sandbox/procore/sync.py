"""Sync: a batch of records, each created or updated on its own.

Source: Procore docs, "Using Sync Actions" (matching by ``id`` and ``origin_id``; at most 1,000 elements; always
200 when processed; the failed elements under ``errors`` with their attributes and messages).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, Generic, TypeVar

from deploy.sandbox.procore.attributes import Attributes
from deploy.sandbox.procore.company import Company
from deploy.sandbox.procore.errors import TAKEN, ApiError, Invalid, Messages
from deploy.sandbox.procore.mishaps import Mishap
from deploy.sandbox.procore.settings import Settings

T = TypeVar("T")
Row = dict[str, Any]

NOT_FOUND: Final = "Entity with this ID not found"
NOT_PERMITTED: Final = "is not permitted"


@dataclass(frozen=True)
class Resource(Generic[T]):
    """What a sync needs to know about a kind of record in its scope."""

    by_id: Callable[[int], T | None]
    by_origin: Callable[[str], T | None]
    create: Callable[[Attributes], T]
    change: Callable[[T, Attributes], T]
    show: Callable[[T], Row]
    ids: str = "accept"
    """What an ``id`` in an element does; see the setting ``sync_id_in_pco``."""


@dataclass
class Batch(Generic[T]):
    """One sync under way."""

    resource: Resource[T]
    settings: Settings
    seen: set[str]

    def store(self, element: Attributes) -> T:
        """Creates or updates one record; raises Invalid."""
        record_id, origin = element.get("id"), element.get("origin_id")
        attributes = {name: value for name, value in element.items() if name != "id"}
        if record_id is not None and self.resource.ids == "refuse":
            raise Invalid({"id": [NOT_PERMITTED]})
        if record_id is not None and self.resource.ids == "accept":
            return self.resource.change(self._by_id(record_id), attributes)
        if not isinstance(origin, str) or not origin:
            return self.resource.create(attributes)
        if origin in self.seen and self.settings.duplicates == "refuse":
            raise Invalid({"origin_id": [TAKEN]})
        self.seen.add(origin)
        found = self.resource.by_origin(origin)
        return self.resource.create(attributes) if found is None else self.resource.change(found, attributes)

    def _by_id(self, record_id: object) -> T:
        if isinstance(record_id, bool) or not isinstance(record_id, int):
            raise Invalid({"id": ["is not a number"]})
        found = self.resource.by_id(record_id)
        if found is None:
            raise Invalid({"id": [NOT_FOUND]})
        return found


def run(updates: Any, resource: Resource[T], company: Company, random: Random) -> Row:
    """The answer's body; raises ApiError if the batch as a whole cannot be processed."""
    settings = company.settings
    batch, entities, errors = Batch(resource, settings, set()), [], []
    elements = checked(updates, settings)
    if resource.ids == "refuse_call" and any(isinstance(one, dict) and "id" in one for one in elements):
        raise ApiError(406, {"id": [NOT_PERMITTED]})
    for element in elements:
        try:
            if not isinstance(element, dict):
                raise Invalid({"base": ["must be an object"]})
            entity = processed(batch, element, company.mishaps.take(element.get("origin_id")))
            entities += [] if entity is None else [entity]
        except Invalid as invalid:
            errors.append(error_entry(element, invalid.messages, settings))
    return {"entities": ordered(entities, settings, random), "errors": errors}


def processed(batch: Batch[T], element: Attributes, mishap: Mishap | None) -> Row | None:
    """The entity to report, if any; raises Invalid."""
    if mishap is not None and mishap.kind == "rejected":
        raise Invalid(mishap.messages)
    if mishap is not None and mishap.kind == "skipped":
        return None
    entity = batch.resource.show(batch.store(element))
    return entity if mishap is None else None


def checked(updates: Any, settings: Settings) -> Sequence[Any]:
    """The elements; raises ApiError."""
    if not isinstance(updates, list):
        raise ApiError(400, {"updates": ["is required and must be an array"]})
    if len(updates) > settings.sync_limit:
        limit = f"has {len(updates)} elements, and {settings.sync_limit} are allowed"
        raise ApiError(settings.too_many_status, {"updates": [limit]})
    return updates


def error_entry(element: Any, messages: Messages, settings: Settings) -> Row:
    """A failed element as it is reported."""
    if settings.error_echo == "anonymous" or not isinstance(element, dict):
        return {"errors": messages}
    return {**element, "errors": messages}


def ordered(entities: list[Row], settings: Settings, random: Random) -> list[Row]:
    """The entities in the order that the settings ask for."""
    if settings.entities_order == "reverse":
        return entities[::-1]
    if settings.entities_order == "shuffle":
        random.shuffle(entities)
    return entities
