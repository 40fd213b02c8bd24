"""The page that says what a program can ask for, made from the description programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.accounts.scopes import WORDS
from foundation.messages import N_
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

OPERATIONS = {
    "list_sites": N_("Les sites"),
    "read_site": N_("Un site"),
    "list_buildings": N_("Les bâtiments"),
    "read_building": N_("Un bâtiment"),
    "list_points": N_("Les points de mesure"),
    "read_point": N_("Un point de mesure"),
    "list_devices": N_("Les capteurs"),
    "read_device": N_("Un capteur"),
    "list_savings_reports": N_("Les rapports d'économies"),
    "read_savings_report": N_("Un rapport d'économies"),
    "list_settlements": N_("Les décomptes"),
    "read_settlement": N_("Un décompte"),
    "list_invoices": N_("Les factures et avoirs émis"),
    "read_invoice": N_("Une facture ou un avoir"),
    "read_invoice_pdf": N_("Son original, en PDF"),
    "list_alerts": N_("Les alertes"),
    "read_alert": N_("Une alerte"),
    "list_jobs": N_("Les travaux"),
    "read_job": N_("Un travail et ce qu'il a donné"),
    "list_readings": N_("Ce que les capteurs d'un point ont envoyé"),
    "list_hours": N_("L'énergie d'un point, heure par heure"),
    "list_days": N_("L'énergie d'un point, jour par jour"),
    "send_readings": N_("Apporter des relevés d'un capteur"),
}
"""Each operation of openapi.yaml in the words of a page."""
TAGS = ("sites", "measurements", "savings", "billing", "alerts", "jobs")
METHODS = ("get", "post")


def docs(request: Request) -> dict[str, Any]:
    """List every operation with its address, its parameters and the scope it takes."""
    spec = request.registry.settings["pyramid_openapi3"]["spec"].read_value()
    operations = [
        {
            "id": one["operationId"],
            "method": method.upper(),
            "path": path,
            "tag": one["tags"][0],
            "parameters": [_parameter(spec, parameter) for parameter in one.get("parameters", [])],
        }
        for path, item in spec["paths"].items()
        for method, one in item.items()
        if method in METHODS
    ]
    return {
        "groups": [(tag, [one for one in operations if one["tag"] == tag]) for tag in TAGS],
        "words": OPERATIONS,
        "scopes": WORDS,
        "address": request.registry["settings"].url.rstrip("/"),
    }


def _parameter(spec: dict[str, Any], reference: dict[str, str]) -> dict[str, Any]:
    name = reference["$ref"].rpartition("/")[2]
    parameter: dict[str, Any] = spec["components"]["parameters"][name]
    return parameter


def includeme(config: Configurator) -> None:
    """Register the page."""
    config.add_route("api_docs", "/api")
    config.add_view(
        docs,
        route_name="api_docs",
        request_method="GET",
        renderer="fleet.api:templates/docs.jinja2",
        permission=Permission.STAY_SIGNED_IN,
    )
