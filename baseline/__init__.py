"""What would have been used: weather, degree days, models, measurement plans, non-routine events, savings reports."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add this floor's pages to the web application."""
    for room in ("weather", "plans", "events", "reports", "documents", "revisions"):
        config.include(f"baseline.{room}.views")
