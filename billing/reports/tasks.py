"""Reports and accounts printed by the worker, one an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from billing.reports.register import MAKE, make_account, make_board, make_municipality
from billing.settlements.models import Settlement
from contracts.parties.models import Shareholder
from foundation.jobs.queue import Moment, handles
from foundation.look.language import language_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session


@handles(MAKE)
def make_one(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Print the account of `settlement_id`, the `year` of `shareholder_id`, or else the board's `year`."""
    language = language_of(params["language"])
    if "settlement_id" in params:
        made = make_account(session, session.get_one(Settlement, params["settlement_id"]), language, now=moment.now)
    elif "shareholder_id" in params:
        owner = session.get_one(Shareholder, params["shareholder_id"])
        made = make_municipality(session, owner, params["year"], language, now=moment.now, today=moment.today)
    else:
        made = make_board(session, params["year"], language, now=moment.now, today=moment.today)
    return {"document_id": made.id}
