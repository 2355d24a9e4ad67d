"""Reads one section of the document into its model, and blames every key that is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from relay.engine.configuration.document import Document, Place
from relay.engine.configuration.problems import nearest, one_of, shown, shown_address
from relay.engine.configuration.values import looks_like_path


class Section(BaseModel):
    """A part of the file. Unknown keys are refused: a misspelt rule must not silently be the default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Section)

Context = Mapping[str, object]
"""What the kinds of value are read by, besides what stands there: see the keys in ``values``."""

_PLAIN = {
    "string_type": "a text",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "list_type": "a list",
    "tuple_type": "a list",
}


def read_section(document: Document, place: Place, value: Any, model: type[S], context: Context) -> S | None:
    """``value`` as a ``model``, or ``None`` after its problems have been noted in the document."""
    if not isinstance(value, dict):
        document.blame(place, found(value), "a mapping of keys to values")
        return None
    try:
        return model.model_validate(value, context=dict(context))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _blame(document, place, model, detail)
        return None


def found(value: Any) -> str:
    """What stands there, in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else shown(value)


def _blame(document: Document, place: Place, model: type[Section], detail: ErrorDetails) -> None:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    here = (*place, *path)
    if detail["type"] == "missing":
        document.blame(here, "nothing", "this key is required")
    elif detail["type"] == "extra_forbidden":
        document.blame(here, "an unknown key", allowed_keys(str(path[-1]), keys_of(_inner(model, path[:-1]))))
    elif detail["loc"][-1] == "[key]":
        document.blame(here, f"the key {shown(path[-1])}", _allowed(detail))
    else:
        document.blame(here, _found_at(str(path[-1]) if path else "", detail["input"]), _allowed(detail))


def allowed_keys(name: str, known: list[str]) -> str:
    """The keys that are known, with the one that was probably meant."""
    meant = nearest(name, known)
    words = one_of(sorted(known))
    return f"{words} (did you mean {meant}?)" if meant else words


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a section as the file writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _inner(model: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    for part in path:
        for name, field in model.model_fields.items():
            if part == (field.alias or name):
                model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    candidates = (annotation, *get_args(annotation))
    return next((one for one in candidates if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _found_at(key: str, value: Any) -> str:
    if key.endswith("_file") and value is not None and not looks_like_path(value):
        return "a value that is not shown, since it may be the secret itself"
    if isinstance(value, str) and ("://" in value or key.endswith("_url")):
        return shown_address(value) or shown(value)
    return found(value)


def _allowed(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context["error"])
    if detail["type"] in ("enum", "literal_error"):
        words = str(context["expected"]).replace("'", "")
        meant = nearest(str(detail["input"]), words.replace(" or ", ", ").split(", "))
        return f"{words} (did you mean {meant}?)" if meant else words
    return _PLAIN.get(detail["type"], detail["msg"])
