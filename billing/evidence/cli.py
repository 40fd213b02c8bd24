"""`fleet billing verify`: an auditor's question, answered from the rows themselves."""

from __future__ import annotations

import json
import sys

import click
from sqlalchemy import func, select

from billing.evidence.verify import verify as verified
from billing.invoices.models import Invoice
from foundation.tenancy import engine_for, session_factory

ALTERED = 1


@click.command(help="Refaire toutes les empreintes et tous les totaux des factures émises ; dire ce qui a été altéré.")
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def verify(database_url: str, *, as_json: bool) -> None:
    """Verify every issued invoice; exit 1 where something does not agree."""
    engine = engine_for(database_url)
    with session_factory(engine)() as session:
        invoices = session.scalar(select(func.count(Invoice.id)).where(Invoice.number.is_not(None)))
        found = verified(session)
    engine.dispose()
    if as_json:
        discrepancies = [{"where": one.where, "sentence": one.sentence} for one in found]
        click.echo(json.dumps({"invoices": invoices, "discrepancies": discrepancies}, ensure_ascii=False))
    elif found:
        for one in found:
            click.echo(f"{one.where} : {one.sentence}")
    else:
        click.echo(f"{invoices} factures vérifiées : chaque euro se retrouve.")
    if found:
        sys.exit(ALTERED)
