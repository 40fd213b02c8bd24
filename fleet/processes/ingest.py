"""The ingest process: readings from the broker to PostgreSQL. It never loads Pyramid, Celery or WeasyPrint."""

from __future__ import annotations

import logging

import click

from devices.ingest.process import CLIENT_ID, run
from fleet.settings import settings_for


@click.command("ingest", help="Recevoir les relevés par MQTT et les enregistrer.")
@click.option(
    "--client-id",
    default=CLIENT_ID,
    show_default=True,
    help="Le nom sous lequel le courtier garde nos messages en notre absence ; un nom ne sert qu'à un processus.",
)
def ingest(client_id: str) -> None:
    """Run ingest until it is told to stop; end with status 2 and a sentence where it cannot go on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = settings_for("ingest")
    run(settings.database_url, settings.mqtt_url, client_id)
