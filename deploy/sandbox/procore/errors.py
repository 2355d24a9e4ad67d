"""Errors and the many forms of their bodies.

Sources: Procore docs, "Error Reference", "RESTful API Concepts"; the published endpoint reference, whose v1
endpoints are not uniform.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from deploy.sandbox.procore.rendering import render

Messages = dict[str, list[str]]
Content = str | Sequence[str] | Mapping[str, Sequence[str]]

JSON_TYPE: Final = "application/json; charset=utf-8"
NOT_CONNECTED: Final = ("App is not connected to this company.",)
NOT_VALID: Final = "Company or project is not valid, user is not an active contact"
NO_PERMISSION: Final = "You do not have permission to access this resource"
TAKEN: Final = "has already been taken"


class ApiError(Exception):
    """An answer that refuses a whole call: status and what stands under ``errors``."""

    def __init__(self, status: int, content: Content) -> None:
        super().__init__(f"{status}: {plain(content)}")
        self.status = status
        self.content = content


class Invalid(ValueError):
    """A record that cannot be stored as submitted: messages per field."""

    def __init__(self, messages: Messages) -> None:
        super().__init__(plain(messages))
        self.messages = messages


def plain(content: Content) -> str:
    """All messages as one text."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping):
        return "; ".join(f"{name} {', '.join(texts)}" for name, texts in content.items())
    return "; ".join(content)


def fields(content: Content) -> Mapping[str, Sequence[str]]:
    """The messages per field; those that belong to none are under ``base``."""
    if isinstance(content, Mapping):
        return content
    return {"base": [content] if isinstance(content, str) else list(content)}


def body(form: str, status: int, content: Content) -> tuple[str, str]:
    """Text and content type of an error in one of the forms of ``settings.ERROR_FORMS``."""
    if form == "empty":
        return "", JSON_TYPE
    if form == "html":
        title = f"{status} {HTTPStatus(status).phrase}"
        return f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>", "text/html"
    return render(value(form, status, content)), JSON_TYPE


def value(form: str, status: int, content: Content) -> dict[str, Any]:
    """The JSON object of an error."""
    text = plain(content)
    name = HTTPStatus(status).phrase
    forms: dict[str, dict[str, Any]] = {
        "documented": {"errors": content},
        "text": {"errors": text},
        "list": {"errors": [text]},
        "fields": {"errors": fields(content)},
        "message": {"message": text},
        "code": {"code": status, "message": text, "fields": ",".join(fields(content)), "reason": name, "error": name},
        "object": {"error": {"code": name.upper().replace(" ", "_"), "message": text, "details": details(content)}},
        "typed": {"errors": {"base": [text]}, "error_type": name.lower().replace(" ", "_"), "file": None},
    }
    return forms[form]


def details(content: Content) -> list[dict[str, str]]:
    """One entry for each field and message."""
    return [
        {"reason_code": "INVALID", "message": text, "source": name}
        for name, texts in fields(content).items()
        for text in texts
    ]
