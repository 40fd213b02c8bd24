"""Register the SPL, its shareholders and the budgets that pay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from contracts.parties.models import Budget, Company, Shareholder
from foundation.errors import Refusal
from foundation.identifiers import check_iban, check_siren, check_siret

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def set_company(session: Session, **fields: Any) -> Company:
    """Say who the SPL is (columns of `Company`): the seller every document names."""
    company = session.get(Company, 1) or Company(id=1)
    for name, value in fields.items():
        setattr(company, name, value)
    company.siret = check_siret(company.siret)
    company.iban = check_iban(company.iban)
    session.add(company)
    session.flush()
    return company


def the_company(session: Session) -> Company:
    """Return the SPL; refuse where nobody said yet who it is."""
    company = session.get(Company, 1)
    if company is None:
        raise Refusal("La SPL n'est pas encore décrite ; remplissez ses coordonnées dans Réglages.")
    return company


def register_shareholder(
    session: Session,
    *,
    name: str,
    siren: str,
    street: str,
    postcode: str,
    city: str,
    kind: str = "commune",
    insee_code: str | None = None,
    email: str = "",
    synthetic: bool = False,
) -> Shareholder:
    """Add a public body that is a shareholder of the SPL."""
    siren = check_siren(siren)
    taken = session.scalar(select(Shareholder).where((Shareholder.siren == siren) | (Shareholder.name == name)))
    if taken is not None:
        raise Refusal(f"{taken.name} (SIREN {taken.siren}) est déjà enregistrée.", field="siren")
    shareholder = Shareholder(
        name=name,
        siren=siren,
        street=street,
        postcode=postcode,
        city=city,
        kind=kind,
        insee_code=insee_code,
        email=email,
        synthetic=synthetic,
    )
    session.add(shareholder)
    session.flush()
    return shareholder


def add_budget(
    session: Session,
    shareholder: Shareholder,
    *,
    siret: str,
    name: str = "Budget principal",
    service_code: str | None = None,
    commitment_number: str | None = None,
) -> Budget:
    """Add a budget that pays for `shareholder`, with what Chorus Pro asks of invoices sent to it."""
    siret = check_siret(siret, siren=shareholder.siren)
    taken = session.scalar(select(Budget).where(Budget.siret == siret))
    if taken is not None:
        raise Refusal(f"Le SIRET {siret} est déjà celui de « {taken.name} » ({taken.shareholder.name}).", field="siret")
    budget = Budget(
        shareholder=shareholder,
        name=name,
        siret=siret,
        service_code=service_code or None,
        commitment_number=commitment_number or None,
    )
    session.add(budget)
    session.flush()
    return budget
