"""`fleet devices health`."""

from __future__ import annotations

import datetime as dt
import json

import click


@click.command(help="Dire ce qui ne va pas dans le parc maintenant, sans rien écrire.")
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
@click.option("--json", "as_json", is_flag=True, help="Écrire le résultat en JSON.")
def health(database_url: str, *, as_json: bool) -> None:
    """Run every check once and tell what each finds wrong; a check that cannot know says so."""
    from sqlalchemy import select
    from sqlalchemy.orm import joinedload

    from devices.alerts.checks import CHECKS
    from devices.alerts.rules import Level
    from devices.alerts.sentences import sentence
    from devices.points.models import MeteringPoint
    from foundation.look.language import FRENCH
    from foundation.tenancy import engine_for, session_factory

    now = dt.datetime.now(dt.UTC)
    engine = engine_for(database_url)
    checks = {}
    with session_factory(engine)() as session:
        places = {
            point.id: f"{point.building.name}, {point.name}"
            for point in session.scalars(select(MeteringPoint).options(joinedload(MeteringPoint.building)))
        }
        for kind, check in CHECKS.items():
            findings = check(session, now)
            checks[kind.value] = {
                "known": findings is not None,
                "watched": len(findings or []),
                "wrong": [
                    {
                        "subject": one.subject,
                        "place": places.get(one.point_id or 0, ""),
                        "severity": one.judgement.severity.value,
                        "sentence": sentence(kind.value, one.facts, FRENCH),
                        "facts": one.facts,
                    }
                    for one in findings or []
                    if one.judgement.level is Level.BAD
                ],
            }
    engine.dispose()
    if as_json:
        click.echo(json.dumps({"at": now.isoformat(), "checks": checks}, ensure_ascii=False))
        return
    for answer in checks.values():
        for wrong in answer["wrong"]:  # type: ignore[attr-defined] # a dict of three kinds of values
            click.echo(f"{wrong['place']} : {wrong['sentence']}" if wrong["place"] else wrong["sentence"])
    if not any(answer["wrong"] for answer in checks.values()):
        click.echo("Tout va bien.")
