"""Say which gap between measured and billed an agreement allows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from devices.reconciliation.models import AgreedLimit
from foundation.errors import Refusal

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement


def agree_limit(session: Session, agreement: Agreement, *, percent: Decimal, by: str) -> AgreedLimit:
    """Note the gap (in percent of the bill) `agreement` allows; it goes before the usual 2 %."""
    if not Decimal(0) < percent < Decimal(100):
        raise Refusal("Un écart admis est un pourcentage entre 0 et 100, par exemple 3.", field="percent")
    agreed = session.get(AgreedLimit, agreement.id) or AgreedLimit(agreement_id=agreement.id)
    agreed.gap, agreed.set_by = percent / 100, by
    session.add(agreed)
    session.flush()
    return agreed
