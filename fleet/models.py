"""Every mapped class, imported in floor order: the metadata migrations and tests work on."""

from __future__ import annotations

import foundation.attachments.models
import foundation.clock
import foundation.history
import foundation.jobs.models  # noqa: F401 - imported for what it declares, like all the others
from foundation.base import Base

metadata = Base.metadata

SCHEMAS = ("foundation", "contracts", "devices", "baseline", "billing", "fleet")
"""One a floor, in floor order."""
