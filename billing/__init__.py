"""What is owed: settlements, invoices and their structured form, documents; stands on baseline and what is below."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add this floor's pages to the web application."""
    for room in (
        "settlements",
        "disputes",
        "exits",
        "simulation",
        "invoices",
        "receivables",
        "chorus",
        "benefit",
        "year_end",
        "reports",
        "evidence",
    ):
        config.include(f"billing.{room}.views")
