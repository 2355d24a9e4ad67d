"""Packages of ours whose creation is in doubt, or that the ledger does not know."""

from __future__ import annotations

from relay.clients.procore import Package
from relay.domain import identity
from relay.domain.procore_content import read_mark
from relay.engine.writer.adapter import Absent, Accepted, Result, Review
from workers.procore_writer.calls.context import Calling, Results
from workers.procore_writer.calls.survey import listed_packages
from workers.procore_writer.content import links, parts
from workers.procore_writer.situation import Fact, Situation

_MOST_MISSES = 5


def find_package(calling: Calling) -> Results:
    """Whether the packages that may have been created are there."""
    found = [one for one in listed_packages(calling, admitted=True) if one.deleted_at is None]
    by_origin = {one.origin_id: one for one in found if one.origin_id}
    results: dict[str, Result] = {}
    for task in calling.batch.tasks:
        package = by_origin.get(identity.package_origin_id(task.command.origin_id))
        s = calling.situation(task)
        results[task.command.origin_id] = (
            _package_absent(calling, s) if package is None else package_found(calling, s, package)
        )
    _renew_packages(calling, found)
    return results


def _package_absent(calling: Calling, s: Situation) -> Result:
    """It may be created again, unless that was tried too often: then somebody has to look."""
    key = ("package", s.command.origin_id)
    misses = (calling.memory.misses.get(key) or 0) + 1
    if misses < _MOST_MISSES:
        calling.memory.misses.put(key, misses)
        return Absent()
    calling.memory.misses.drop(key)
    return Review(
        reason="procore.package_in_doubt",
        sentence=f"Procore took {misses} requests to create the package of this change order in contract "
        f"{s.command.destination.contract_id} without an answer, and none of them left a package there. Look whether "
        "the name or the external id is in use elsewhere, then say `cor letters resubmit`.",
    )


def _renew_packages(calling: Calling, found: list[Package]) -> None:
    view = calling.memory.views.get(calling.contract)
    if view is not None:
        view.replace_packages(found)


def package_found(calling: Calling, s: Situation, package: Package) -> Result:
    """A package of ours, with what of it is as the command says."""
    held: dict[str, str] = {}
    mark = read_mark(package.origin_data)
    if s.command.payload is not None and mark is not None and mark.content == parts.package_hash(s.payload):
        held[parts.PACKAGE] = mark.content
    if package.status is not None:
        held[parts.PACKAGE_STATUS] = parts.status_hash(package.status)
    return Accepted(parts=held, remote=package_facts(calling, package))


def package_facts(calling: Calling, package: Package) -> dict[str, str]:
    """What the ledger remembers of a package."""
    return {
        Fact.PACKAGE: str(package.id),
        Fact.PACKAGE_NUMBER: package.number or "",
        Fact.PACKAGE_URL: links.package_url(calling.web, calling.destination, package.id),
    }
