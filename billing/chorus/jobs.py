"""The name of this room's work, for those who ask for it without doing it."""

from typing import Final

STEP: Final = "billing.chorus_step"
"""Kind of the job: an item a deposit, its next step."""
STRUCTURE: Final = "billing.chorus_structure"
"""Kind of the job: an item a SIRET, what the directory says of it."""
