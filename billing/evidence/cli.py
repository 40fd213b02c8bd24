"""`fleet billing verify`: an auditor's question, answered from a PDF alone or from the rows themselves."""

from __future__ import annotations

import base64
import json
import secrets
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedReader

    from sqlalchemy.orm import Session

    from billing.evidence.verify import Discrepancy

ALTERED = 1


@click.command(
    help="Refaire le calcul d'une facture à partir de son PDF, sans base de données ; sans fichier, vérifier toutes les"
    " factures émises de la base."
)
@click.argument("invoice", type=click.File("rb"), required=False)
@click.option("--public-key", type=click.File("rb"), help="La clé publique de la SPL (PEM), telle qu'elle la publie.")
@click.option("--hourly", type=click.File("rb"), multiple=True, help="Un fichier d'heures que nomme la facture.")
@click.option("--database-url", envvar="FLEET_DATABASE_WORKER_URL", show_envvar=True, help="Sans fichier : la base.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def verify(
    invoice: BufferedReader | None,
    *,
    public_key: BufferedReader | None,
    hourly: tuple[BufferedReader, ...],
    database_url: str | None,
    as_json: bool,
) -> None:
    """Verify one PDF, or every issued invoice of a database; exit 1 where something does not agree."""
    if invoice is None:
        _database(database_url, as_json=as_json)
        return
    from billing.evidence.document import verify_pdf
    from billing.pack.signing import public_key_of
    from foundation.look.language import FRENCH

    published = public_key_of(public_key.read()) if public_key else None
    verdict = verify_pdf(invoice.read(), published=published, hourly=[file.read() for file in hourly])
    if as_json:
        found = [refusal.sentence for refusal in verdict.found]
        said = {"invoice": verdict.number, "holds": verdict.holds, "key": verdict.key, "discrepancies": found}
        print(json.dumps(said, ensure_ascii=False))
    elif verdict.holds:
        print(
            f"Facture {verdict.number} : {FRENCH.number(Decimal(verdict.gross), 2)} € TTC, chaque chiffre se retrouve."
        )
        if published is None:
            print(f"Signée par la clé {verdict.key} : comparez-la à celle que publie la SPL (--public-key).")
    else:
        print(f"Facture {verdict.number} : {verdict.found[0].sentence}")
        for refusal in verdict.found[1:]:
            print(f"  {refusal.sentence}")
    if not verdict.holds:
        sys.exit(ALTERED)


@click.command(
    help="Contrôler toute la chaîne : numéros, empreintes, comptabilité, produits recalculés par la base. Sort avec 1"
    " et la liste où quelque chose ne va pas."
)
@click.option("--database-url", envvar="FLEET_DATABASE_WORKER_URL", show_envvar=True, required=True, help="La base.")
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def audit(database_url: str, *, as_json: bool) -> None:
    """Audit a database; exit 1 where something does not agree."""
    from billing.evidence.audit import audit as audited

    _database(database_url, as_json=as_json, check=audited)


def _database(
    database_url: str | None, *, as_json: bool, check: Callable[[Session], tuple[Discrepancy, ...]] | None = None
) -> None:
    from sqlalchemy import func, select

    from billing.evidence.verify import verify as verified
    from billing.invoices.models import Invoice
    from foundation.tenancy import engine_for, session_factory

    if database_url is None:
        raise click.UsageError("Donnez le PDF d'une facture, ou l'adresse de la base (--database-url).")
    check = check or verified
    engine = engine_for(database_url)
    with session_factory(engine)() as session:
        found = check(session)
        invoices = session.scalar(select(func.count(Invoice.id)).where(Invoice.number.is_not(None)))
    engine.dispose()
    if as_json:
        discrepancies = [{"where": one.where, "sentence": one.sentence} for one in found]
        print(json.dumps({"invoices": invoices, "discrepancies": discrepancies}, ensure_ascii=False))
    elif found:
        for one in found:
            print(f"{one.where} : {one.sentence}")
    else:
        print(f"{invoices} factures et avoirs vérifiés : chaque euro se retrouve.")
    if found:
        sys.exit(ALTERED)


@click.command(help="Tirer une clé de signature au hasard et l'écrire : le réglage FLEET_SIGNING_KEY.")
def new_key() -> None:
    """Print a fresh seed; nothing is stored."""
    print(base64.b64encode(secrets.token_bytes(32)).decode())
