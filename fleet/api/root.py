"""The interface put together: what openapi.yaml describes is what is validated and what is answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from fleet.setting_values import Mode
from foundation.errors import Refusal

if TYPE_CHECKING:
    from pyramid.config import Configurator

DESCRIPTION = Path(__file__).with_name("openapi.yaml")


def includeme(config: Configurator) -> None:
    """Register everything; requests are always validated, answers everywhere but in production."""
    settings = config.registry["settings"]
    config.registry.settings["pyramid_openapi3.enable_response_validation"] = settings.mode is not Mode.PRODUCTION
    config.include("pyramid_openapi3")
    for media_type in ("application/json", "application/problem+json"):
        config.pyramid_openapi3_add_deserializer(media_type, read_json)
    config.pyramid_openapi3_spec(str(DESCRIPTION), route="/api/v1/openapi.yaml", route_name="api_description")
    for module in ("collections", "series", "sending", "problems", "limits", "docs"):
        config.include(f"fleet.api.{module}")


def read_json(body: bytes) -> Any:
    """Return what `body` says; ValueError for what two readers could understand differently (hostile inputs 3 to 7)."""
    try:
        written = body.decode()
    except UnicodeDecodeError:
        # Not as an error of validation: the library would decode it once more to say so, and fail.
        raise Refusal("Cette demande n'est pas écrite en UTF-8.") from None
    try:
        return json.loads(written, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_number(literal: str) -> Never:
    raise ValueError(literal)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is written twice")
    return found
