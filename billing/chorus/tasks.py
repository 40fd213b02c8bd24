"""What the worker does about Chorus Pro: each deposit's next step when its time has come; structures asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from billing.chorus.client import Chorus, Denied, NoAnswer
from billing.chorus.follow import due, go_on
from billing.chorus.jobs import STEP, STRUCTURE
from contracts.parties.directory import ServiceFacts, StructureFacts, note_structure
from foundation.errors import Refusal
from foundation.jobs.models import Job, JobItem
from foundation.jobs.queue import Moment, ask, handles
from foundation.jobs.schedule import periodically
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from billing.chorus.access import Access

OFF = N_("Chorus Pro n'est pas réglé sur ce serveur (FLEET_CHORUS_…) ; déposez à la main et notez le flux.")

_chorus: Chorus | None = None


def administer(access: Access | None) -> None:
    """Say where Chorus Pro is; until then it is off."""
    global _chorus  # noqa: PLW0603 - the one setting of this process
    _chorus = Chorus(access) if access else None


@periodically("billing.chorus.look", seconds=60.0)
def look(session: Session, moment: Moment) -> None:
    """Ask for the next step of each deposit whose time has come."""
    if _chorus is None:
        return
    items = {
        f"{one.invoice.number} {one.next_look_at:%Y%m%dT%H%M%S.%f}": {"deposit_id": one.id}
        for one in due(session, now=moment.now)
    }
    known = select(JobItem.key).join(Job).where(Job.kind == STEP, JobItem.key.in_(items))
    for key in session.scalars(known).all():
        del items[key]
    if items:
        ask(session, STEP, N_("Suivi dans Chorus Pro"), items)


@handles(STEP)
def step(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Make the next step of one deposit."""
    if _chorus is None:
        raise Refusal(OFF)
    state = go_on(session, params["deposit_id"], _chorus, now=moment.now, today=moment.today)
    return {"state": state}


@handles(STRUCTURE)
def ask_structure(session: Session, params: Mapping[str, Any], moment: Moment) -> dict[str, Any]:
    """Ask the directory what a structure demands, and keep it."""
    if _chorus is None:
        raise Refusal(OFF)
    siret = params["siret"]
    try:
        told = _chorus.structure(siret)
    except (NoAnswer, Denied) as no:
        raise Refusal("L'annuaire n'a pas répondu ({sentence}) ; relancez plus tard.", sentence=no.sentence) from None
    facts = (
        StructureFacts(siret, known=False)
        if told is None
        else StructureFacts(
            siret,
            name=told.name,
            service_code_required=told.service_code_required,
            commitment_required=told.commitment_required,
            one_of_both_required=told.one_of_both_required,
            payment_told=told.payment_told,
            services=tuple(ServiceFacts(*one) for one in told.services),
        )
    )
    note_structure(session, facts, source="api", now=moment.now)
    return {"siret": siret, "known": facts.known}
