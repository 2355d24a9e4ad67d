"""The addresses of forms: there only where decisions are made here."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from web.decisions import followed, holds, letters, proposals


def addresses() -> list[BaseRoute]:
    """Screens with forms, what takes them, and what came of them."""
    return [
        Route("/decisions/letter", letters.one, name="decide_letter", methods=["GET"]),
        Route("/decisions/letters", letters.group, name="decide_group", methods=["GET"]),
        Route("/decisions/letters/{action:str}", letters.submit, name="submit", methods=["POST"]),
        Route("/decisions/hold", holds.hold, name="decide_hold", methods=["GET"]),
        Route("/decisions/hold", holds.submit_hold, name="submit_hold", methods=["POST"]),
        Route("/decisions/release", holds.release, name="decide_release", methods=["GET"]),
        Route("/decisions/release", holds.submit_release, name="submit_release", methods=["POST"]),
        Route("/decisions/approve", proposals.submit_approval, name="submit_approve", methods=["POST"]),
        Route("/decisions/decline", proposals.submit_decline, name="submit_decline", methods=["POST"]),
        Route("/decisions/{numbers:str}", followed.page, name="decision", methods=["GET"]),
    ]
