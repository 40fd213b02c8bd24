"""The signed document of a plan as it came back: an original, who signed it, by which act."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from baseline.plans.models import PlanDeposit
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from baseline.plans.models import MeasurementPlan


class Deposit(NamedTuple):
    """The signed document as it came back, who signed it, and by which act they could."""

    content: bytes
    name: str
    signatories: str
    act_reference: str
    signed_on: dt.date


def deposit(session: Session, plan: MeasurementPlan, given: Deposit, *, by: str, now: dt.datetime) -> PlanDeposit:
    """Keep the signed document of a plan, a PDF, under its hash; several may be deposited, none is ever replaced."""
    if plan.state not in {"frozen", "signed"}:
        raise Refusal("Un document signé se dépose pour un plan figé ; figez-le d'abord.")
    if not given.content.startswith(b"%PDF-"):
        raise Refusal("Ce fichier n'est pas un PDF ; déposez le document signé en PDF.", field="file")
    if not given.signatories.strip():
        raise Refusal("Dites qui a signé, avec sa qualité.", field="signatories")
    original = keep(
        session,
        given.content,
        name=given.name,
        media_type="application/pdf",
        shareholder_id=reader_of(plan),
    )
    row = PlanDeposit(
        plan=plan,
        attachment=original,
        signatories=given.signatories.strip(),
        act_reference=given.act_reference.strip(),
        signed_on=given.signed_on,
        deposited_by=by,
        deposited_at=now,
    )
    session.add(row)
    session.flush()
    return row


def reader_of(plan: MeasurementPlan) -> int | None:
    """Return the municipality that may read the originals of `plan`: the one whose agreement quotes it."""
    return plan.agreement.shareholder_id if plan.agreement else None
