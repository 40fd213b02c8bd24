"""What would have been used: weather, degree days, models, measurement plans, non-routine events, savings reports."""

from __future__ import annotations

from typing import Any

ROOMS_WITH_PAGES = (
    "weather",
    "plans",
    "events",
    "reports",
    "documents",
    "eligibility",
    "fuel",
    "monitoring",
    "portfolio",
    "prospects",
    "revisions",
)


def includeme(config: Any) -> None:
    """Add this floor's pages to the web application."""
    for room in ROOMS_WITH_PAGES:
        config.include(f"baseline.{room}.views")
