"""What a signature needs, for an agreement and for its amendments alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.parties.capital import demand_payer_is_shareholder
from foundation.attachments.store import keep
from foundation.errors import Refusal

if TYPE_CHECKING:
    import datetime as dt

    from sqlalchemy.orm import Session

    from contracts.agreements.models import Agreement, Amendment

HEAVIEST: Final = 20 * 1024 * 1024


class Document(NamedTuple):
    """The signed document as it is deposited; it is kept by its hash, for the SPL and the shareholder to read."""

    content: bytes
    name: str
    media_type: str


def record_signature(
    session: Session,
    signed: Agreement | Amendment,
    agreement: Agreement,
    *,
    signed_on: dt.date,
    deliberation_number: str,
    deliberation_date: dt.date,
    transmitted_on: dt.date,
    signatory: str,
    delegation: str,
    document: Document,
    today: dt.date,
) -> None:
    """Write down who signed `signed` by which vote, and the deposited `document`; refuse what would not bind.

    The council authorises before anybody signs (CGCT L2122-21, L2241-1), and its vote may be carried out only once the
    préfecture has it (CGCT L2131-1): a contract signed before is void.
    """
    if signed_on > today:
        raise Refusal(
            "La signature est datée du {day}, dans le futur ; corrigez la date.",
            field="signed_on",
            day=f"{signed_on:%d/%m/%Y}",
        )
    if not deliberation_number.strip():
        raise Refusal(
            "Sans délibération du conseil, pas de signature ; indiquez son numéro.", field="deliberation_number"
        )
    if deliberation_date > signed_on:
        raise Refusal(
            "La délibération ({voted}) est postérieure à la signature ({signed}) ; le conseil délibère d'abord.",
            field="deliberation_date",
            voted=f"{deliberation_date:%d/%m/%Y}",
            signed=f"{signed_on:%d/%m/%Y}",
        )
    if not deliberation_date <= transmitted_on <= signed_on:
        raise Refusal(
            "La délibération est transmise à la préfecture après le vote ({voted}) et avant"
            " la signature ({signed}) ;"
            " corrigez la date de transmission.",
            field="transmitted_on",
            voted=f"{deliberation_date:%d/%m/%Y}",
            signed=f"{signed_on:%d/%m/%Y}",
        )
    if not signatory.strip():
        raise Refusal("Indiquez qui signe, et en quelle qualité.", field="signatory")
    if not delegation.strip():
        raise Refusal("Indiquez l'acte qui donne au signataire le pouvoir de signer.", field="delegation")
    if not document.content:
        raise Refusal("Le document signé est vide ; déposez le fichier signé par les deux parties.", field="document")
    if len(document.content) > HEAVIEST:
        raise Refusal("Le document signé dépasse 20 Mo ; déposez un fichier plus léger.", field="document")
    demand_payer_is_shareholder(session, agreement.budget, signed_on)
    signed.signed_on = signed_on
    signed.deliberation_number = deliberation_number.strip()
    signed.deliberation_date = deliberation_date
    signed.transmitted_on = transmitted_on
    signed.signatory = signatory.strip()
    signed.delegation = delegation.strip()
    signed.document = keep(
        session,
        document.content,
        name=document.name,
        media_type=document.media_type,
        shareholder_id=agreement.shareholder_id,
    )
    signed.state = "signed"
    session.flush()
