"""``cor web``."""

from __future__ import annotations


def web_command() -> None:
    """The page that people look at, at COR_WEB_ADDRESS and COR_WEB_PORT. It only reads, and has no login of its own.

    It shows the tables of the stage views, also while every stage is down.
    """
    from operations.environment import Environment
    from web.server import serve

    serve(Environment.read())
