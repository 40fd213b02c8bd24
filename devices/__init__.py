"""What was measured: points, devices, readings, clean energy."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add this floor's pages to the web application."""
    for room in (
        "points",
        "inventory",
        "identity",
        "codecs",
        "decode",
        "ingest",
        "energy",
        "alerts",
        "coefficients",
        "imports",
        "sources.inbox",
        "chains",
        "reconciliation",
        "field",
        "field.application",
    ):
        config.include(f"devices.{room}.views")
