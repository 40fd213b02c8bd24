"""The amount of an invoice found again from its evidence pack alone, each step checked exactly.

days → baseline model (fitted anew, 1e-6) → adjusted baseline and avoided energy (exact, from the frozen decimals)
→ terms and prices → lines → total → the structured invoice. Values in, sentences out.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from baseline.comparison import BESIDE, baseline_by_day, fit, measured_again
from baseline.fitting.kinds import daily_of, kind_of, model_from_json, with_vacations
from billing.documents.structured import structured, totals_of, vat_of
from billing.einvoice.model import CREDIT_NOTE
from billing.settlements.inputs import computed_again
from contracts.agreements.terms.codec import from_json
from contracts.agreements.terms.findings import buy_out
from contracts.agreements.years import whole_years
from foundation.canonical import canonical_sha256
from foundation.errors import Refusal
from foundation.money import kwh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

REFIT_TOLERANCE = 1e-6
"""Of the largest daily baseline: what another machine's floating point may differ by."""
NOTHING = Decimal("0.000")
ONE_DAY = dt.timedelta(days=1)


def contradictions(pack: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield every figure of `pack` that does not follow from the others; KeyError and the like where it is no pack."""
    plans = {plan["sha256"]: plan for plan in pack["plans"]}
    for plan in plans.values():
        yield from _plan(plan)
    for report in pack["reports"]:
        yield from _report(report, plans)
    yield from _settlement(pack)
    yield from _invoice(pack)


def _plan(plan: Mapping[str, Any]) -> Iterator[Refusal]:
    document = plan["document"]
    name = document["boundary"]["name"]
    if canonical_sha256(document) != plan["sha256"]:
        yield Refusal("{name} : le plan de mesure n'est pas celui de son empreinte.", name=name)
    if canonical_sha256(plan["days"]) != document["inputs"]["sha256"]:
        yield Refusal("{name} : les jours de référence ne sont pas ceux du plan figé.", name=name)
    yield from _kept_beside(plan, document["inputs"], name)
    frozen = model_from_json(document["model"])
    start, end = (dt.date.fromisoformat(day) for day in document["baseline_period"])
    measured = measured_again(plan, start, end)
    calendar = daily_of(frozen).calendar
    again, _ = fit(kind_of(frozen), measured, holidays=calendar.holidays, vacations=calendar.vacations)
    kept = np.array(list(baseline_by_day(frozen, measured).values()))
    made = kept + np.nan if again is None else np.array(list(baseline_by_day(again, measured).values()))
    if not np.allclose(kept, made, rtol=0.0, atol=REFIT_TOLERANCE * float(np.nanmax(np.abs(kept))), equal_nan=True):
        yield Refusal("{name} : le modèle refait sur les jours de référence n'est pas le modèle figé.", name=name)


def _report(report: Mapping[str, Any], plans: Mapping[str, Mapping[str, Any]]) -> Iterator[Refusal]:
    document = report["document"]
    plan = plans[document["plan_sha256"]]["document"]
    name = plan["boundary"]["name"]
    if canonical_sha256(document) != report["sha256"]:
        yield Refusal("{name} : le rapport d'économies n'est pas celui de son empreinte.", name=name)
    if canonical_sha256(report["days"]) != document["inputs"]["sha256"]:
        yield Refusal("{name} : les jours mesurés ne sont pas ceux du rapport.", name=name)
    start, end = (dt.date.fromisoformat(day) for day in document["period"])
    yield from _kept_beside(report, document["inputs"], name)
    again = measured_again(report, start, end)
    added = document.get("analysis", {}).get("vacations", [])
    model = with_vacations(model_from_json(plan["model"]), [dt.date.fromisoformat(day) for day in added])
    whole = baseline_by_day(model, again)
    told = {row[0]: row for row in document["days"]}
    adjusted_sum = measured_sum = NOTHING
    for day in again.days:
        _, _, measured, adjusted, counted, _, *event = told[day.day.isoformat()]
        if not counted:
            continue
        in_events = Decimal(event[0]) if event else NOTHING
        if day.kwh is None or Decimal(measured) + in_events != kwh(day.kwh) or Decimal(adjusted) != kwh(whole[day.day]):
            yield Refusal(
                "{name}, le {day} : le mesuré ou la référence ne se retrouve pas.",
                name=name,
                day=f"{day.day:%d/%m/%Y}",
            )
        adjusted_sum += Decimal(adjusted)
        measured_sum += Decimal(measured)
    if (f"{adjusted_sum:.3f}", f"{measured_sum:.3f}", f"{adjusted_sum - measured_sum:.3f}") != (
        document["adjusted_baseline_kwh"],
        document["measured_kwh"],
        document["avoided_energy_kwh"],
    ):
        yield Refusal("{name} : les jours du rapport ne font pas ses totaux.", name=name)


def _settlement(pack: Mapping[str, Any]) -> Iterator[Refusal]:
    settlement = pack["settlement"]
    if settlement["inputs"].get("buy_out") is not None:
        yield from _buy_out(settlement)
        return
    days = {
        report["sha256"]: {
            row[0]: (Decimal(row[3]), Decimal(row[3]) - Decimal(row[2])) for row in report["document"]["days"] if row[4]
        }
        for report in pack["reports"]
    }
    proposal = computed_again(settlement["inputs"], days)
    found = [
        [*line.key, f"{line.result.avoided_kwh:.3f}", f"{line.owed:.2f}", f"{line.billed:.2f}", f"{line.amount:.2f}"]
        for line in proposal.lines
    ]
    if sorted(found) != sorted(settlement["lines"]):
        yield Refusal("Les clauses et les prix, appliqués à l'énergie évitée, ne donnent pas les lignes du décompte.")
    if f"{proposal.total:.2f}" != settlement["amount"]:
        yield Refusal(
            "Les clauses donnent {found} € ; le décompte demande {asked} €.",
            found=f"{proposal.total:.2f}",
            asked=settlement["amount"],
        )


def _buy_out(settlement: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield what is wrong with the value of the sensors: it is that of the agreement's table."""
    facts = settlement["inputs"]["buy_out"]
    years = whole_years(dt.date.fromisoformat(facts["start"]), dt.date.fromisoformat(facts["end"]))
    found = f"{buy_out(from_json(facts['terms']), years):.2f}"
    if found != settlement["amount"] or settlement["lines"]:
        yield Refusal(
            "Le tableau de rachat de l'accord donne {found} € ; la facture demande {asked} €.",
            found=found,
            asked=settlement["amount"],
        )


def _invoice(pack: Mapping[str, Any]) -> Iterator[Refusal]:
    snapshot, settlement = pack["snapshot"], pack["settlement"]
    document = structured(snapshot)
    if snapshot["totals"] != totals_of(document) or snapshot["vat_breakdown"] != vat_of(document):
        yield Refusal("Les lignes de la facture ne font pas sa TVA et son total.")
    # A credit note turns its settlement round; one that cancels an invoice repeats it.
    sign = -1 if snapshot["type_code"] == CREDIT_NOTE and not snapshot["cancellation"] else 1
    if Decimal(snapshot["totals"]["net"]) != sign * Decimal(settlement["amount"]):
        yield Refusal("Le montant hors taxes de la facture n'est pas celui du décompte.")
    quoted = {fact["value"] for fact in snapshot["evidence"]}
    for one in (*pack["plans"], *pack["reports"]):
        if one["sha256"] not in quoted:
            yield Refusal("La facture ne cite pas un des plans ou des rapports joints.")
    said = [(row["label"], row["energy"], row["avoided_kwh"], row["amount"]) for row in snapshot["boundaries"]]
    meant = [(row[3], row[2], row[4], row[7]) for row in _labelled(settlement)]
    if sorted(said) != sorted(meant):
        yield Refusal("Le tableau des bâtiments de la facture n'est pas celui du décompte.")


def _labelled(settlement: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """Return the lines of the settled year with the name of their boundary after the energy."""
    if not settlement["inputs"]["years"]:
        return []
    last = settlement["inputs"]["years"][-1]
    names = {(one["boundary_id"], one["energy"]): one["boundary"] for one in last["measured"]}
    return [
        [*line[:3], names[line[1], line[2]], *line[3:]] for line in settlement["lines"] if line[0] == last["number"]
    ]


def _kept_beside(one: Mapping[str, Any], inputs: Mapping[str, Any], name: str) -> Iterator[Refusal]:
    """Yield the hours or bills of a plan or report that are not those it was made from."""
    for part, digest in ((part, inputs.get(f"{part}_sha256")) for part in BESIDE):
        if digest is not None and canonical_sha256(one.get(part)) != digest:
            yield Refusal("{name} : les heures ou les factures jointes ne sont pas celles de l'empreinte.", name=name)
