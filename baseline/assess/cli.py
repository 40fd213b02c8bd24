"""`fleet baseline assess`: a building from a file."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import click

from foundation.errors import Refusal

PERIOD_HELP = "Premier et dernier jour, compris, en jours locaux : AAAA-MM-JJ/AAAA-MM-JJ."


@click.command("assess")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--time",
    "time_column",
    required=True,
    help="Colonne des horodatages (début de l'heure), des jours ou du dernier jour de chaque facture.",
)
@click.option("--energy", "energy_column", required=True, help="Colonne de l'énergie.")
@click.option("--temperature", "temperature_column", required=True, help="Colonne de la température extérieure, en °C.")
@click.option("--timezone", "zone_name", required=True, help="Fuseau du bâtiment, par exemple Europe/Paris.")
@click.option("--baseline", "baseline_text", required=True, metavar="D1/D2", help=f"Référence. {PERIOD_HELP}")
@click.option("--reporting", "reporting_text", metavar="D1/D2", help=f"Suivi, après les travaux. {PERIOD_HELP}")
@click.option("--where", "filters", multiple=True, metavar="COL=V[,V]", help="Ne garder que ces lignes ; répétable.")
@click.option(
    "--temperature-file",
    type=click.Path(path_type=Path),
    help="Fichier des températures, s'il est à part (même nom de colonne de temps, ou la première colonne).",
)
@click.option("--unit", type=click.Choice(["kWh", "MWh", "BTU", "kW"], case_sensitive=False), default="kWh")
@click.option("--confidence", type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True), default=0.9)
@click.option(
    "--event",
    "event_texts",
    multiple=True,
    metavar="D1/D2[:MÉTHODE[:KWH]]",
    help="Événement non routinier à ajuster : drop, indicator (par défaut), submeter ou estimate ; répétable.",
)
@click.option(
    "--events",
    "events_file",
    type=click.Path(path_type=Path),
    help="Fichier CSV d'événements : start,end,method,energy_kwh,reason (fin comprise ; kWh ajoutés au compteur).",
)
@click.option(
    "--holidays",
    default="none",
    show_default=True,
    metavar="FR[:A|B|C]|none|FICHIER",
    help="Jours fériés de France, avec les vacances scolaires d'une zone, ou fichier CSV d'une colonne « date ».",
)
@click.option(
    "--holiday-column",
    metavar="COL",
    help="Colonne qui marque (par autre chose que 0) les jours de vacances ou de fermeture.",
)
@click.option(
    "--model",
    type=click.Choice(["auto", "daily", "hourly", "billing"]),
    default="auto",
    show_default=True,
    help="auto : factures si les lignes sont à plus de deux semaines, sinon jours.",
)
@click.option(
    "--extra",
    multiple=True,
    metavar="COL",
    help="Modèle horaire : colonne d'une variable de plus (rayonnement, fréquentation) ; répétable.",
)
@click.option("--period-start", metavar="COL", help="Factures : colonne du premier jour (--time donne le dernier).")
@click.option("--per-day", is_flag=True, help="Factures : l'énergie est une moyenne par jour.")
@click.option("--json", "as_json", is_flag=True, help="Répondre par un objet JSON.")
def assess(
    *,
    file: Path,
    time_column: str,
    energy_column: str,
    temperature_column: str,
    zone_name: str,
    baseline_text: str,
    reporting_text: str | None,
    filters: tuple[str, ...],
    temperature_file: Path | None,
    unit: str,
    confidence: float,
    event_texts: tuple[str, ...],
    events_file: Path | None,
    holidays: str,
    holiday_column: str | None,
    model: str,
    extra: tuple[str, ...],
    period_start: str | None,
    per_day: bool,
    as_json: bool,
) -> None:
    """Évaluer un bâtiment à partir d'un fichier CSV, gzip ou non, d'heures, de jours ou de factures.

    Sans base de données ni réglages. Un fichier illisible est refusé (code 2) par une phrase qui dit la ligne.
    """
    from baseline.assess.answer import to_json, to_text
    from baseline.assess.assessment import assessed
    from baseline.assess.question import Question

    try:
        question = Question.of(
            file,
            columns=(time_column, energy_column, temperature_column),
            zone=zone_name,
            baseline=period("--baseline", baseline_text),
            reporting=period("--reporting", reporting_text) if reporting_text else None,
            filters=filters,
            temperature_file=temperature_file,
            unit=unit,
            confidence=confidence,
            events=event_texts,
            events_file=events_file,
            holidays=holidays,
            holiday_column=holiday_column,
            model=model,
            period_start=period_start,
            per_day=per_day,
            extra=extra,
        )
        answer = assessed(question)
    except Refusal as refusal:
        click.echo(refusal.sentence, err=True)
        sys.exit(2)
    click.echo(
        json.dumps(to_json(answer), ensure_ascii=False, indent=2, allow_nan=False) if as_json else to_text(answer)
    )


def period(option: str, text: str) -> tuple[dt.date, dt.date]:
    """Read D1/D2. Raises Refusal for anything else, or for an end before the start."""
    try:
        start, end = (dt.date.fromisoformat(part.strip()) for part in text.split("/"))
    except ValueError:
        raise Refusal(
            "{option} {text} : écrivez deux jours, AAAA-MM-JJ/AAAA-MM-JJ, par exemple 2024-01-01/2024-12-31.",
            option=option,
            text=text,
        ) from None
    if end < start:
        raise Refusal(
            "{option} {text} : la période finit avant de commencer ; échangez les deux jours.", option=option, text=text
        )
    return start, end
