"""What has to hold of a target in Procore: project, contract, kind, tiers, and the names of its lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from operations.check.targets.answers import Answer, Answers, ProvenWrong, Unanswered
from operations.check.targets.codes import Names, prove_names
from operations.check.targets.history import Wanted
from operations.stated_codes import COST_CODE, LINE_ITEM_TYPE
from relay.clients.http.terms import CallTerms
from relay.clients.procore import Contract, ProcoreClient
from relay.domain.commands import ContractKind
from relay.domain.failures import Denied
from relay.domain.routes import ProcoreTarget
from workers.procore_writer.cache import lookups
from workers.procore_writer.cache.contracts import TIERS
from workers.procore_writer.cache.lookups import Found, Lookup

_NO_ROWS = "cannot tell the tiers: the contract has no change order that shows them"


class ProcoreCompany:
    """One company, as its targets are proven."""

    def __init__(self, answers: Answers, client: ProcoreClient, terms: CallTerms) -> None:
        self._answers, self._client, self._terms = answers, client, terms

    def prove_project(self, project: int, place: str) -> None:
        """Raises ``ProvenWrong`` where the service account is not shown the project."""
        try:
            self._answers.ask(("project", project), partial(self._client.probe_project, project, terms=self._terms))
        except Unanswered as refused:
            if not isinstance(refused.failure, Denied):
                raise
            words = f"project {project} does not exist, or the service account may not see it"
            raise ProvenWrong((place,), words, refused.exchange) from None

    def prove(self, target: ProcoreTarget, wanted: Callable[[], Wanted]) -> Iterator[str]:
        """What is so, a part at a time. Raises ``ProvenWrong`` for the first thing that is not."""
        destination = target.destination
        self.prove_project(destination.project_id, "project_id")
        contract = self._contract(destination.project_id, destination.contract_id, destination.contract)
        title = " ".join(text for text in (contract.number, contract.title) if text)
        yield f"{destination.contract.value} {title} ({contract.status or 'of unknown status'})"
        yield self._tiers(target)
        yield from self._names(target, wanted())

    def _contract(self, project: int, contract_id: int, stated: ContractKind) -> Contract:
        answer = self._shown(project, contract_id, stated)
        if answer.value is not None:
            return answer.value
        for kind in ContractKind:
            if kind is not stated and self._shown(project, contract_id, kind).value is not None:
                words = f"stated {stated.value}, and contract {contract_id} is a {kind.value}"
                raise ProvenWrong(("contract",), words, answer.exchange)
        words = f"project {project} has no contract {contract_id}, or the service account may not see it"
        raise ProvenWrong(("contract_id",), words, answer.exchange)

    def _shown(self, project: int, contract_id: int, kind: ContractKind) -> Answer[Contract | None]:
        """The contract if it is of this kind; what may not be read is not."""
        try:
            return self._answers.ask(
                ("contract", project, contract_id, kind),
                partial(self._client.contracts.show, project, kind, contract_id, terms=self._terms),
            )
        except Unanswered as refused:
            if isinstance(refused.failure, Denied):
                return Answer(None, refused.exchange)
            raise

    def _tiers(self, target: ProcoreTarget) -> str:
        destination = target.destination
        read = partial(
            self._client.potential_change_orders.first_rows,
            destination.project_id,
            contract_id=destination.contract_id,
            terms=self._terms,
        )
        try:
            answer = self._answers.ask(("rows", destination.project_id, destination.contract_id), read)
        except Unanswered as refused:
            return f"cannot tell the tiers: {refused}"
        told = next((row.tiers for row in answer.value if row.tiers in TIERS), None)
        if told is None:
            return _NO_ROWS
        if told != destination.tiers:
            words = f"stated {destination.tiers}, and the change orders of the contract have {told}"
            raise ProvenWrong(("tiers",), words, answer.exchange)
        return f"tiers {told}"

    def _names(self, target: ProcoreTarget, wanted: Wanted) -> Iterator[str]:
        project, references = target.destination.project_id, self._client.references
        codes = partial(references.cost_codes, project, terms=self._terms)
        types = partial(references.line_item_types, project, terms=self._terms)
        units = partial(references.units_of_measure, terms=self._terms)
        add = f"Add it in Procore (project {project}), or"
        asked = (
            (Names("cost code", wanted.cost_codes, (), f"{add} map it in cost_codes_file or cost_codes of the route.",
                   COST_CODE),
             lambda: self._lookup(("codes", project), lambda: lookups.cost_codes(codes()))),
            (Names("line item type", wanted.line_item_types, (), f"{add} correct line_item_type or the crosswalk.",
                   LINE_ITEM_TYPE),
             lambda: self._lookup(("types", project), lambda: lookups.line_item_types(types()))),
            (Names("unit", wanted.units, (), f"{add} correct it in the source system."),
             lambda: self._lookup("units", lambda: lookups.units(units()))),
        )  # fmt: skip
        for names, lookup in asked:
            said = prove_names(names, lookup)
            if said is not None:
                yield said

    def _lookup(self, question: object, read: Callable[[], Lookup]) -> Answer[Callable[[str], str | None]]:
        answer = self._answers.ask(question, read)
        return Answer(partial(_fault, answer.value), answer.exchange)


def _fault(lookup: Lookup, text: str) -> str | None:
    found = lookup.find(text)
    if found is Found.SEVERAL:
        return "fits several"
    return "not known" if found is Found.NOTHING else None
