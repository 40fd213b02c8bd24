"""`fleet devices inbox`: take the files of a folder by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from devices.sources.inbox.models import SourceFile

REFUSED = 2


@click.command("inbox")
@click.argument("folder", type=click.Path(path_type=Path), envvar="FLEET_ENEDIS_FOLDER")
@click.option(
    "--keys", type=click.Path(path_type=Path), envvar="FLEET_ENEDIS_KEYS", show_envvar=True, help="Le fichier de clés."
)
@click.option(
    "--database-url",
    envvar="FLEET_DATABASE_WORKER_URL",
    required=True,
    help="L'adresse de la base pour le rôle fleet_worker.",
    show_envvar=True,
)
@click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
def inbox(*, folder: Path, keys: Path | None, database_url: str, as_json: bool) -> None:
    """Faire entrer les fichiers Enedis d'un dossier : chacun est gardé une fois et pris une fois, en entier ou pas.

    Les fichiers restent où ils sont. Ceux qu'aucune clé n'ouvrait sont essayés de nouveau. Relancée, même arrêtée
    brutalement, la commande ne perd ni ne double rien. Un fichier refusé, sans clé, ou qui manque, donne le code 2.
    """
    import datetime as dt

    from sqlalchemy import select

    from devices.sources.inbox.missing import missing
    from devices.sources.inbox.models import SourceFile
    from devices.sources.inbox.process import process
    from devices.sources.inbox.receive import receive, seen_in
    from devices.sources.inbox.ring import due, ring_in
    from foundation.tenancy import engine_for, session_factory

    now = dt.datetime.now(dt.UTC)
    ring, seen = ring_in(keys), seen_in(folder, written_before=now + dt.timedelta(days=1))
    engine = engine_for(database_url)
    try:
        sessions = session_factory(engine)
        while True:
            with sessions.begin() as session:
                if not receive(session, seen, now=now):
                    break
        with sessions.begin() as session:
            due(session, ring)
            open_files = SourceFile.state.in_(("waiting", "unknown_key"))
            ids = session.scalars(select(SourceFile.id).where(open_files).order_by(SourceFile.id)).all()
        told = []
        for file_id in ids:
            with sessions.begin() as session:
                told.append(_told(process(session, session.get_one(SourceFile, file_id), ring, now=now)))
        with sessions() as session:
            gaps = [one._asdict() for gap in missing(session, now=now) for one in gap.deliveries]
    finally:
        engine.dispose()
    _say(told, gaps, as_json=as_json)
    if gaps or any(one["state"] != "done" for one in told):
        sys.exit(REFUSED)


def _told(file: SourceFile) -> dict[str, Any]:
    return {
        "file": file.name,
        "state": file.state,
        "reason": file.reason,
        "sentence": file.sentence,
        **file.outcome,
    }


def _say(told: list[dict[str, Any]], gaps: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"files": told, "missing": gaps}, ensure_ascii=False))
        return
    for one in told:
        click.echo(
            f"{one['file']} : {one['sentence']}"
            if one["sentence"]
            else f"{one['file']} : {one['new']} nouvelles valeurs, {one['same']} déjà connues,"
            f" {one['unknown_points']} points inconnus."
        )
    for one in gaps:
        what = "l'envoi entier" if one["lost"] else f"fichiers {', '.join(map(str, one['missing']))}"
        click.echo(f"Manque : {one['flow']} {one['subscription']}, envoi {one['sequence']}, {what}.", err=True)
    if not told:
        click.echo("Rien de nouveau.")
