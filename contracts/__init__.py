"""Who promised what, for which building."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add this floor's pages to the web application."""
    for room in ("parties", "sites", "agreements", "agreements.changes", "measures"):
        config.include(f"contracts.{room}.views")
