"""Every mapped class, loaded in floor order: the metadata migrations and tests work on."""

from __future__ import annotations

from importlib import import_module

from foundation.base import Base

SCHEMAS = ("foundation", "contracts", "devices", "baseline", "billing", "fleet")
"""One a floor, in floor order."""
ROOMS_WITH_MODELS = (
    "foundation.attachments.models",
    "foundation.clock",
    "foundation.history",
    "foundation.jobs.models",
    "foundation.mail.models",
    "contracts.parties.models",
    "contracts.sites.models",
    "contracts.agreements.models",
    "contracts.measures.models",
    "devices.points.models",
    "devices.inventory.models",
    "devices.codecs.models",
    "devices.identity.models",
    "devices.ingest.models",
    "devices.storage.models",
    "devices.coefficients.models",
    "devices.series.models",
    "devices.bills.models",
    "devices.imports.models",
    "devices.sources.inbox.models",
    "devices.energy.models",
    "devices.chains.models",
    "devices.reconciliation.models",
    "devices.alerts.models",
    "devices.field.models",
    "baseline.weather.models",
    "baseline.plans.models",
    "baseline.events.models",
    "baseline.reports.models",
    "billing.settlements.models",
    "billing.pack.models",
    "billing.ledger.models",
    "billing.invoices.models",
    "billing.receivables.models",
    "billing.reports.models",
    "billing.chorus.models",
    "fleet.accounts.models",
    "fleet.desk.sheet.models",
)

for room in ROOMS_WITH_MODELS:
    import_module(room)

metadata = Base.metadata
