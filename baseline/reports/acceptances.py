"""The register of acceptances: findings that block payable figures until both parties accepted them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.events.rules import PARTIES
from baseline.plans.findings import plan_findings
from baseline.reports.findings import BLOCKING, TO_ACCEPT, WITHHELD
from baseline.reports.models import FindingAcceptance
from foundation.errors import Refusal
from foundation.time import bounds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from baseline.events.rules import Speaker
    from baseline.plans.models import MeasurementPlan
    from baseline.reports.models import SavingsReport


@dataclass(frozen=True)
class Standing:
    """A finding both parties have to accept, and who has."""

    finding: Mapping[str, Any]
    acceptances: Sequence[FindingAcceptance]

    @property
    def key(self) -> tuple[str, str]:
        """Return code and subject: what an acceptance is about."""
        return key_of(self.finding)

    @property
    def accepted(self) -> bool:
        """Say whether both parties accepted it."""
        return {one.party for one in self.acceptances} == set(PARTIES)

    def by(self, party: str) -> FindingAcceptance | None:
        """Return the acceptance of one party, or None."""
        return next((one for one in self.acceptances if one.party == party), None)


def key_of(finding: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and subject of a finding as `Finding.to_json` wrote it."""
    return finding["name"], str(finding["data"].get("about", ""))


def standing_of_plan(session: Session, plan: MeasurementPlan) -> list[Standing]:
    """Return what the plan itself says that both parties have to accept."""
    findings = plan_findings(
        baseline=bounds(plan.baseline_period),
        reporting_starts_on=plan.reporting_starts_on,
        signed_on=plan.signed_on,
        energy=plan.boundary.energy,
        hot_water=plan.hot_water,
    )
    return _standing(session, plan, [finding.to_json() for finding in findings])


def standing_of_report(session: Session, report: SavingsReport) -> list[Standing]:
    """Return what the plan as it stands now and the report as it was made say that both parties have to accept."""
    known = standing_of_plan(session, report.plan)
    told = {one.key for one in known}
    more = [one for one in report.findings if one["name"] in TO_ACCEPT and "data" in one and key_of(one) not in told]
    # What the plan said when the report was made and says no longer: signing or declaring has settled it.
    more = [one for one in more if one["name"] not in {"retroactive_plan", "hot_water_undeclared"}]
    return known + _standing(session, report.plan, more)


def unaccepted(session: Session, report: SavingsReport) -> list[Standing]:
    """Return what still blocks the payable figures of `report`."""
    return [one for one in standing_of_report(session, report) if one.key[0] in BLOCKING and not one.accepted]


def accept_finding(
    session: Session,
    plan: MeasurementPlan,
    *,
    code: str,
    about: str,
    speaker: Speaker,
    reason: str,
    today: dt.date,
    report: SavingsReport | None = None,
) -> FindingAcceptance:
    """Accept for one party a finding of `plan`, or of `report`, which is a report of it."""
    if plan.agreement is None:
        raise Refusal("Ce plan n'est lié à aucun accord signé : il n'y a pas encore d'autre partie pour accepter.")
    if speaker.party == "shareholder" and speaker.shareholder_id != plan.agreement.shareholder_id:
        raise Refusal("C'est à la collectivité liée par l'accord d'accepter ce constat.")
    if not reason.strip():
        raise Refusal("Dites pourquoi vous l'acceptez : la suite s'y réfère.", field="reason")
    known = standing_of_plan(session, plan) if report is None else standing_of_report(session, report)
    found = next((one for one in known if one.key == (code, about)), None)
    if found is None:
        raise Refusal("Ce constat n'a plus lieu d'être ; rechargez la page.")
    if found.by(speaker.party) is not None:
        raise Refusal("Votre partie l'a déjà accepté.")
    acceptance = FindingAcceptance(
        plan_id=plan.id,
        report_id=report.id if report else None,
        code=code,
        about=about,
        finding=dict(found.finding),
        party=speaker.party,
        by=speaker.by,
        account_id=speaker.account_id,
        accepted_on=today,
        reason=reason.strip(),
    )
    session.add(acceptance)
    session.flush()
    return acceptance


def days_accepted_cold(session: Session, plan: MeasurementPlan) -> frozenset[dt.date]:
    """Return the days whose cold both parties accepted: their saving counts again."""
    said = _said(session, plan)
    return frozenset(
        dt.date.fromisoformat(day)
        for (code, _), acceptances in said.items()
        if code == WITHHELD and {one.party for one in acceptances} == set(PARTIES)
        for day in acceptances[0].finding["data"]["days"]
    )


def _said(session: Session, plan: MeasurementPlan) -> dict[tuple[str, str], list[FindingAcceptance]]:
    said: dict[tuple[str, str], list[FindingAcceptance]] = defaultdict(list)
    for one in session.scalars(
        select(FindingAcceptance).where(FindingAcceptance.plan_id == plan.id).order_by(FindingAcceptance.id)
    ):
        said[one.code, one.about].append(one)
    return said


def _standing(session: Session, plan: MeasurementPlan, findings: Sequence[Mapping[str, Any]]) -> list[Standing]:
    said = _said(session, plan)
    return [Standing(one, said.get(key_of(one), [])) for one in findings]
