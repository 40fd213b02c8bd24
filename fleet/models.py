"""Every mapped class, imported in floor order: the metadata migrations and tests work on."""

from __future__ import annotations

import baseline.plans.models
import baseline.reports.models
import baseline.weather.models
import billing.invoices.models
import billing.settlements.models
import contracts.agreements.models
import contracts.parties.models
import contracts.prices.models
import contracts.sites.models
import devices.energy.models
import devices.ingest.models
import devices.inventory.models
import devices.points.models
import fleet.accounts.models
import foundation.attachments.models
import foundation.clock
import foundation.history
import foundation.jobs.models  # noqa: F401 - imported for what it declares, like all the others
from foundation.base import Base

metadata = Base.metadata

SCHEMAS = ("foundation", "contracts", "devices", "baseline", "billing", "fleet")
"""One a floor, in floor order."""
