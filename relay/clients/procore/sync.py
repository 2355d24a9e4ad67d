"""Sync calls: many records in one request, each with an answer of its own.

Source: Procore docs, "Using Sync Actions". A processed sync is always 200; ``entities`` holds what
was accepted, ``errors`` the submitted attributes of what was refused together with the reasons.
Newer reference texts show ``errors`` entries that hold nothing but reasons, and the order of
neither list is promised; so records are paired by ``origin_id`` (or an ``id`` that was sent) alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from relay.clients.http.error_text import error_sentence, member_sentence
from relay.clients.http.messages import Request, Response
from relay.clients.http.terms import CallTerms
from relay.clients.native_json.json_text import parse
from relay.clients.native_json.records import NativeRecord, member_records
from relay.clients.procore.session import Session
from relay.domain.failures import Rejected
from relay.domain.sources.native_values import number_of, text_of

MOST_ELEMENTS = 1000
"""Of one sync call (Procore docs, "Using Sync Actions")."""


class Keyed(Protocol):
    """A record that is found by its origin id."""

    @property
    def id(self) -> int:
        """The remote's id."""

    @property
    def origin_id(self) -> str | None:
        """Ours."""


_AS_IT_IS = str
"""For words out of which secrets were taken already."""

K = TypeVar("K", bound=Keyed)

# Procore documents that both are unique and not in which words it says so.
_TAKEN = re.compile(r"already (?:been )?(?:taken|used|exist|in use)|must be unique|not unique|duplicate", re.IGNORECASE)
_NAMED = re.compile(r"\b(origin[ _]id|number)\b", re.IGNORECASE)


def says_taken(words: str) -> bool:
    """Whether a message of Procore says that a value belongs to another record."""
    return _TAKEN.search(words) is not None


def _taken_field(field: str, words: str) -> str:
    """The field that a message is about; Rails reports some only in words, under ``base``."""
    named = _NAMED.search(words)
    return named.group(1).lower().replace(" ", "_") if field == "base" and named else field


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one element was refused: Procore's messages by field (``base`` for none in particular)."""

    errors: Mapping[str, tuple[str, ...]]

    @property
    def sentence(self) -> str:
        """The messages in one line."""
        return member_sentence({"errors": {field: list(said) for field, said in self.errors.items()}}, _AS_IT_IS)

    @property
    def says_taken(self) -> frozenset[str]:
        """The fields whose value another record has already.

        Of ``origin_id`` this is the trace of a call that ran at the same time: to be read back,
        not to be given up.
        """
        return frozenset(
            _taken_field(field, message)
            for field, messages in self.errors.items()
            for message in messages
            if _TAKEN.search(message)
        )


def refused_whole(rejected: Rejected) -> Refusal:
    """The refusal of a call that carries one record: 400 or 422, in whatever form ("Error Reference").

    A sync of one element can be refused so, too, as where its record is locked.
    """
    body = rejected.remote_answer.encode()
    try:
        errors = parse(body)["errors"]
    except (ValueError, TypeError, KeyError):
        errors = None
    if isinstance(errors, list) and len(errors) == 1 and isinstance(errors[0], dict):
        errors = errors[0].get("errors")
    if isinstance(errors, dict) and errors:
        return Refusal({field: _messages(said, _AS_IT_IS) for field, said in errors.items()})
    return Refusal({"base": (error_sentence(body, _AS_IT_IS) or rejected.message,)})


@dataclass(frozen=True, slots=True)
class SyncAnswer(Generic[K]):
    """What became of each element that was sent.

    ``accepted`` and ``refused`` by origin id. ``anonymous`` are refusals that name no element;
    ``missing`` are the elements in neither list, or in both: their outcome is unknown until they
    are read back or, where there are anonymous refusals, sent again one by one.
    """

    accepted: Mapping[str, K]
    refused: Mapping[str, Refusal]
    anonymous: tuple[Refusal, ...]
    missing: frozenset[str]


def sync(
    session: Session,
    call: Request,
    terms: CallTerms,
    elements: Sequence[Mapping[str, object]],
    read: Callable[[NativeRecord], K],
) -> SyncAnswer[K]:
    """Sends ``call``, whose body holds ``elements``, and takes its answer apart."""
    answer = session.exchange(call, terms)
    try:
        entities, errors = _lists(answer)
        return _sorted(elements, entities, _Refusals(errors, session.remote.failures.cleaned), read)
    except ValueError as error:
        raise session.unreadable(call, answer, error) from None


def updates(elements: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    """The request body. Raises ``ValueError`` for what must never be sent.

    An element without an origin id would be a new record at every repetition, two with the same
    one an unpredictable result.
    """
    if not 0 < len(elements) <= MOST_ELEMENTS:
        raise ValueError(f"a sync call takes 1 to {MOST_ELEMENTS} elements, not {len(elements)}")
    counts = Counter(_sent_origin(element) for element in elements)
    twice = [origin for origin, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"origin ids more than once in a sync call: {', '.join(sorted(twice))}")
    return {"updates": list(elements)}


def _sent_origin(element: Mapping[str, object]) -> str:
    origin = element.get("origin_id")
    if not isinstance(origin, str) or not origin:
        raise ValueError("an element of a sync call without an origin id")
    return origin


def _lists(answer: Response) -> tuple[list[NativeRecord], list[Any]]:
    members = parse(answer.body)
    if not isinstance(members, dict) or not ("entities" in members or members.get("errors")):
        raise ValueError("neither entities nor errors")
    errors = members.get("errors")
    if errors is not None and not isinstance(errors, list | dict):
        raise ValueError("errors is neither a list nor an entry")
    if isinstance(errors, dict):
        # The reference of the older kind types the entry, not the list.
        errors = [errors] if errors else []
    return member_records(answer.body, "entities"), errors or []


def _sorted(
    elements: Sequence[Mapping[str, object]],
    entities: Sequence[NativeRecord],
    refusals: _Refusals,
    read: Callable[[NativeRecord], K],
) -> SyncAnswer[K]:
    names = _Names(elements)
    accepted = _accepted(names, entities, read)
    refused, anonymous = refusals.by_origin(names)
    for both in accepted.keys() & refused.keys():
        del accepted[both], refused[both]
    missing = names.sent - accepted.keys() - refused.keys()
    if len(missing) == len(anonymous) == 1 and len(accepted) == len(entities):
        # One refusal and one element are left over, and every entity has its place.
        (origin,), (refusal,) = missing, anonymous
        return SyncAnswer(accepted, {**refused, origin: refusal}, (), frozenset())
    return SyncAnswer(accepted, refused, anonymous, frozenset(missing))


class _Names:
    """Which origin id an object of the answer belongs to."""

    def __init__(self, elements: Sequence[Mapping[str, object]]) -> None:
        self.sent = frozenset(_sent_origin(element) for element in elements)
        self._by_id = {
            number: _sent_origin(element)
            for element in elements
            if (number := number_of(element.get("id"))) is not None
        }

    def of(self, members: Mapping[str, Any]) -> str | None:
        origin = text_of(members.get("origin_id"))
        if origin in self.sent:
            return origin
        number = number_of(members.get("id"))
        return None if number is None else self._by_id.get(number)


def _accepted(names: _Names, entities: Iterable[NativeRecord], read: Callable[[NativeRecord], K]) -> dict[str, K]:
    accepted: dict[str, K] = {}
    contradicted: set[str] = set()
    for native in entities:
        origin = names.of(native.data)
        if origin is None:
            continue
        entity = read(native)
        if origin in accepted and accepted[origin].id != entity.id:
            contradicted.add(origin)
        accepted[origin] = entity
    return {origin: entity for origin, entity in accepted.items() if origin not in contradicted}


class _Refusals:
    """The entries of ``errors``, whatever their form; ``clean`` removes secrets from their words."""

    def __init__(self, entries: Sequence[Any], clean: Callable[[str], str]) -> None:
        self._entries = [entry if isinstance(entry, Mapping) else {"errors": entry} for entry in entries]
        self._clean = clean

    def by_origin(self, names: _Names) -> tuple[dict[str, Refusal], tuple[Refusal, ...]]:
        refused: dict[str, Refusal] = {}
        anonymous = []
        for members in self._entries:
            origin = names.of(members)
            if origin is None:
                anonymous.append(self._refusal(members))
            else:
                refused[origin] = self._refusal(members)
        return refused, tuple(anonymous)

    def _refusal(self, members: Mapping[str, Any]) -> Refusal:
        # An unknown id is documented as {"id": ["Entity with this ID not found"]}, without "errors".
        told = members.get("errors", {name: one for name, one in members.items() if isinstance(one, list)})
        if not isinstance(told, Mapping):
            told = {"base": told}
        return Refusal({field: _messages(said, self._clean) for field, said in told.items()})


def _messages(said: Any, clean: Callable[[str], str]) -> tuple[str, ...]:
    each = said if isinstance(said, list) else [said]
    return tuple(clean(message) if isinstance(message, str) else member_sentence(message, clean) for message in each)
