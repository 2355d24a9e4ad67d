"""A record with our mark that the ledger does not know, as after a lost ledger: it is read, not written again.

The mark holds the hash of what was written. What still says so has its part in the ledger again; what says something
else was changed by a person, as a look at a known record finds it (:mod:`workers.procore_writer.calls.compare`). A
record whose mark is gone tells nothing about people: what it does not say as wanted is written as before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from relay.clients.procore import LineItem, Package, PotentialChangeOrder
from relay.domain import identity
from relay.domain.commands import Operation
from relay.domain.ledger_facts import LedgerFact, ProcoreFact, ProcorePart
from relay.domain.procore_content import STATUSES, HeaderContent, Mark, read_mark
from relay.domain.sources.native_values import number_of
from relay.engine.writer.adapter import Accepted, ReadDone
from workers.procore_writer.cache.cache import Comparison
from workers.procore_writer.calls.compare import line_content, our_lines, side_of
from workers.procore_writer.calls.context import CallContext, Results
from workers.procore_writer.calls.packages import package_facts
from workers.procore_writer.calls.remap import place_of
from workers.procore_writer.calls.survey import listed_packages, shown_order
from workers.procore_writer.content import links, parts
from workers.procore_writer.plan import elements
from workers.procore_writer.situation import PlanContext

_IsWritten = Callable[[HeaderContent], bool]
"""Whether the mark speaks of this content."""


def recognise(call: CallContext) -> Results:
    """What our own record says, with its lines and whatever groups it."""
    context, pco_id = call.plan_context(call.batch.tasks[0]), call.batch.calls[0].element
    reading = _Reading(call, context)
    if context.tiers == 1:
        shown = reading.single_tier()
    else:
        shown = shown_order(call, pco_id) if isinstance(pco_id, int) else None
        if shown is not None:
            reading.order(shown)
            reading.groups(shown)
    if shown is None and not reading.remote:
        call.change_view(lambda view: view.without_row(pco_id) if isinstance(pco_id, int) else view)
        return call.same_for_all(ReadDone())
    if shown is not None:
        reading.lines(_listed_lines(call, shown.id))
        call.cache.comparisons.put(call.command.command_id, Comparison(sides=(side_of(shown),)))
    return call.same_for_all(reading.accepted())


def _listed_lines(call: CallContext, pco_id: int) -> Sequence[LineItem]:
    return call.client.line_items.find(call.destination.project_id, pco_id, terms=call.read_terms())


@dataclass
class _Reading:
    """Collects parts and facts of one change order."""

    call: CallContext
    context: PlanContext
    parts: dict[str, str] = field(default_factory=dict)
    remote: dict[str, str] = field(default_factory=dict)
    person: set[str] = field(default_factory=set)

    def accepted(self) -> Accepted:
        """All of it; nothing was written for it, unless the ledger tells that something was sent and no record told."""
        event, entry = self.context.command.event, self.context.entry
        if event is not None and self.context.command.operation is Operation.APPLY:
            self.remote[ProcoreFact.EVENT] = place_of(event)
        # Rebuilt without a hash of what was sent, it knows no write: this one may be from before writes were told.
        is_lost = entry is None or (self.context.is_rebuilt and entry.sent_payload_hash is None)
        return Accepted(
            parts=self.parts,
            remote=self.remote | {LedgerFact.REBUILT: "", LedgerFact.DOUBTED: ""},
            person=frozenset(self.person),
            was_there=is_lost,
            written=not is_lost and entry is not None and entry.was_sent,
        )

    # -- the potential change order

    def order(self, shown: PotentialChangeOrder) -> None:
        mark = read_mark(shown.origin_data)
        self._facts_of(shown)
        if self.context.facts.tiers is not None:
            self.remote[ProcoreFact.TIERS] = str(self.context.tiers)
        written = self._content(
            (shown.title, shown.description, shown.due_date, shown.schedule_days),
            lambda content: _status_of_mark(mark, content) is not None,
        )
        self._part(ProcorePart.HEADER, written, parts.header_content(self.context.payload).hash, mark)
        self._status(ProcorePart.STATUS, shown.status, _status_of_mark(mark, written))
        self._number(shown.number)
        self._reason(shown)

    def _facts_of(self, shown: PotentialChangeOrder) -> None:
        self.remote[ProcoreFact.PCO] = str(shown.id)
        self.remote[ProcoreFact.NUMBER] = shown.number or ""
        self.remote[ProcoreFact.URL] = links.order_url(self.call.web, self.call.destination, shown.id)

    def _status(self, part: str, shown: str | None, written: str | None) -> None:
        self.parts[part] = parts.status_hash(shown or "")
        if written is not None and written != shown:
            self.person.add(part)

    def _number(self, shown: str | None) -> None:
        wanted = parts.wanted_number(self.context.payload)
        if wanted is None:
            return
        rule = self.context.command.rules.number
        given_there = rule == "leave_to_remote" or (rule == "suffix" and (shown or "").startswith(f"{wanted}-"))
        self.parts[ProcorePart.NUMBER] = parts.number_hash(wanted if given_there else shown or "")
        if given_there and shown != wanted:
            self.remote[ProcoreFact.NUMBER_REFUSED] = wanted

    def _reason(self, shown: PotentialChangeOrder) -> None:
        wanted, reasons = self.context.payload.change_reason, self.context.facts.reasons
        if wanted is not None and reasons is not None and reasons.find(wanted) == shown.change_reason_id:
            self.parts[ProcorePart.REASON] = parts.reason_hash(wanted)

    def _content(
        self, shown: tuple[str | None, str | None, str | None, int | None], is_written: _IsWritten
    ) -> HeaderContent:
        """What was written: all that is shown, or only the optional fields that the source has filled."""
        whole = elements.content_of(*shown)
        ours = parts.header_content(self.context.payload)
        only_ours = elements.content_of(
            shown[0],
            shown[1] if ours.description is not None else None,
            shown[2] if ours.due_date is not None else None,
            shown[3] if ours.schedule_days is not None else None,
        )
        content = whole if is_written(whole) and not is_written(only_ours) else only_ours
        optional = {
            "description": content.description,
            "due_date": content.due_date,
            "schedule_days": content.schedule_days,
        }
        self.remote[ProcoreFact.FIELDS] = ",".join(
            sorted(name for name, value in optional.items() if value is not None)
        )
        return content

    def _part(self, part: str, shown: HeaderContent, wanted: str, mark: Mark | None) -> None:
        if shown.hash == wanted or _status_of_mark(mark, shown) is not None:
            self.parts[part] = shown.hash
        elif mark is not None:
            self.parts[part] = shown.hash
            self.person.add(part)

    # -- its lines

    def lines(self, listed: Sequence[LineItem]) -> None:
        for part, line in our_lines(self.context.command.origin_id, listed).items():
            mark, content, wanted = read_mark(line.origin_data), line_content(line), self.context.lines.get(part)
            self.remote[part] = str(line.id)
            if mark is not None and mark.part is not None and mark.content == content.hash:
                self.parts[part] = mark.part
            elif wanted is not None and parts.line_content(wanted).hash == content.hash:
                self.parts[part] = parts.line_hash(wanted)
            else:
                self.parts[part] = content.hash
                if mark is not None:
                    self.person.add(part)

    # -- what groups it

    def single_tier(self) -> PotentialChangeOrder | None:
        """The package, and the hidden change order with our origin id; ``None`` where no such one is shown."""
        package = self._own_package()
        if package is None:
            return None
        self.remote |= package_facts(self.call, package)
        self._package(package)
        hidden = self._hidden()
        if hidden is not None:
            self._facts_of(hidden)
            self.remote[ProcoreFact.TIERS] = "1"
            self.parts[ProcorePart.CLAIM] = parts.link_hash("pco", str(hidden.id))
            self._reason(hidden)
        return hidden

    def _hidden(self) -> PotentialChangeOrder | None:
        where, origin_id = self.call.destination, self.context.command.origin_id
        rows = self.call.client.potential_change_orders.find(
            where.project_id, contract_id=where.contract_id, origin_id=origin_id, terms=self.call.read_terms()
        )
        # A filter that the remote ignored shows everything: then each package's hidden order is found as usual.
        shown = shown_order(self.call, rows[0].id) if len(rows) == 1 else None
        return shown if shown is not None and shown.origin_id == origin_id else None

    def groups(self, shown: PotentialChangeOrder) -> None:
        """Package and request of an order of two or three tiers, and the links between them."""
        package = self._own_package() if self.context.command.rules.package == "per_change_order" else None
        if package is not None:
            self.remote |= package_facts(self.call, package)
            self._package(package)
        group = package.id if package is not None else self.context.existing_package
        # Approval comes last, when every link is set.
        linked = group is not None and shown.status in parts.LAST
        if self.context.tiers == 3:
            self._request(shown, group if linked else None)
        elif linked:
            self.parts[ProcorePart.LINK] = parts.link_hash("package", str(group))

    def _own_package(self) -> Package | None:
        """Our package as it is now; ``None`` where the contract shows none, or shows one no longer."""
        view, origin_id = self.context.facts.view, identity.package_origin_id(self.context.command.origin_id)
        if view is None or view.package_of(origin_id) is None:
            return None
        packages = [package for package in listed_packages(self.call) if package.deleted_at is None]
        self.call.change_view(lambda view: view.with_packages(packages))
        row = next((package for package in packages if package.origin_id == origin_id), None)
        where = self.call.destination
        return row and self.call.client.packages.show(
            where.project_id, row.id, contract_id=where.contract_id, terms=self.call.read_terms()
        )

    def _package(self, package: Package) -> None:
        mark = read_mark(package.origin_data)
        days = number_of(package.native.data.get("schedule_impact_amount"))

        def said(content: HeaderContent) -> str:
            return parts.package_content_hash(content, package.origin_code)

        content = self._content(
            (package.title, package.description, package.due_date, days),
            lambda content: mark is not None and mark.content == said(content),
        )
        self.parts[ProcorePart.PACKAGE] = said(content)
        written = mark is not None and mark.content == said(content)
        if not written and mark is not None and said(content) != parts.package_hash(self.context.payload):
            self.person.add(ProcorePart.PACKAGE)
        self.parts[ProcorePart.PACKAGE_STATUS] = parts.status_hash(package.status or "")

    def _request(self, shown: PotentialChangeOrder, package_id: int | None) -> None:
        where, request_id = self.call.destination, shown.change_order_request_id
        if request_id is None:
            return
        request = self.call.client.requests.show(
            where.project_id, where.contract_id, request_id, terms=self.call.read_terms()
        )
        if request.origin_id != identity.request_origin_id(self.context.command.origin_id):
            return
        mark = read_mark(request.origin_data)
        self.remote |= {ProcoreFact.REQUEST: str(request.id), ProcoreFact.REQUEST_NUMBER: request.number or ""}
        self.parts[ProcorePart.LINK] = parts.link_hash("request", str(request.id))
        self.parts[ProcorePart.REQUEST_STATUS] = parts.status_hash(request.status or "")
        if mark is not None:
            self.parts[ProcorePart.REQUEST] = mark.content
        if package_id is not None:
            self.parts[ProcorePart.REQUEST_LINK] = parts.link_hash("package", str(package_id))


def _status_of_mark(mark: Mark | None, content: HeaderContent) -> str | None:
    """The status that was written together with the content; ``None`` where the mark speaks of another content."""
    if mark is None:
        return None
    return next((status for status in sorted(STATUSES) if mark.content == content.with_status(status)), None)
