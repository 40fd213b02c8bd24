"""${message}.

Rules: expand first, contract one release later; every new table gets row-level
security and grants here or a place on the list of shared tables in
tests/fleet/test_row_security.py; set a lock_timeout before touching a large table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
