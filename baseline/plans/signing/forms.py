"""The forms that annex, deposit and sign a plan, with what they offer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from baseline.plans.models import MeasurementPlan
from contracts.agreements.models import Agreement, Annex
from foundation.forms import EntryForm, choice_field, day_field, file_field, text_field
from foundation.messages import N_

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class DepositForm(EntryForm):
    """The signed document of a plan."""

    file = file_field(N_("Document signé, en PDF"))
    signatories = text_field(N_("Signataires"), help_text=N_("Noms et qualités, par exemple « Anne Le Gall, maire »."))
    act_reference = text_field(N_("Acte"), required=False, help_text=N_("Délibération ou décision : numéro et date."))
    signed_on = day_field(N_("Signé le"))


class AnnexForm(EntryForm):
    """Which frozen plan an agreement quotes."""

    plan_id = choice_field(N_("Plan de mesure figé"))


class SignatureForm(EntryForm):
    """Which agreement the plan is signed with, and when."""

    agreement_id = choice_field(N_("Accord"))
    signed_on = day_field(N_("Signé le"))


def signature_form(session: Session, shown: MeasurementPlan, posted: Any) -> SignatureForm:
    """Offer the signed agreements that quote the plan."""
    form = SignatureForm(posted)
    rows = session.scalars(
        select(Agreement).join(Annex).where(Annex.sha256 == shown.sha256, Agreement.state == "signed")
    )
    form.agreement_id.choices = {str(one.id): f"{one.number} — {one.title}" for one in rows}
    return form


def annex_form(session: Session, agreement: Agreement, posted: Any) -> AnnexForm:
    """Offer the frozen plans that `agreement` does not quote yet."""
    form = AnnexForm(posted)
    quoted = select(Annex.sha256).where(Annex.agreement_id == agreement.id)
    rows = session.scalars(
        select(MeasurementPlan)
        .where(MeasurementPlan.state == "frozen", MeasurementPlan.sha256.not_in(quoted))
        .order_by(MeasurementPlan.id)
    )
    form.plan_id.choices = {str(one.id): one.boundary.name for one in rows}
    return form
