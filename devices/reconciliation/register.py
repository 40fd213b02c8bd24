"""Say which gap between measured and billed an agreement allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.reconciliation.models import AgreedLimit
from foundation.errors import Refusal

if TYPE_CHECKING:
    from decimal import Decimal

    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement


DECIMALS = 5
"""That the column keeps."""


def agree_limit(session: Session, agreement: Agreement, *, percent: Decimal, by: str) -> AgreedLimit:
    """Note the gap (in percent of the bill) `agreement` allows; it goes before the usual 2 %."""
    gap = round(percent / 100, DECIMALS)
    if not 0 < gap < 1:
        raise Refusal("Un écart admis va de 0,001 % à 99,999 % ; écrivez par exemple 3.", field="percent")
    agreed = session.get(AgreedLimit, agreement.id) or AgreedLimit(agreement_id=agreement.id)
    agreed.gap, agreed.set_by = gap, by
    session.add(agreed)
    session.flush()
    return agreed
