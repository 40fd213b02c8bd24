"""The size of a register: where it is full and begins again at 0; nobody guesses it any more.

Revision 0024, after 0023.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# One cause more: a register that fell as a full one does, of which nobody has said where it is full.
CAUSES = """
SET LOCAL lock_timeout = '10s';
ALTER TABLE devices.hourly_energy DROP CONSTRAINT ck_hourly_energy_cause;
ALTER TABLE devices.hourly_energy ADD CONSTRAINT ck_hourly_energy_cause CHECK (cause IN ('transient_zero', 'spike',
    'rollover', 'unknown_size', 'reset', 'restart', 'backwards', 'implausible', 'no_device', 'no_coefficient'))
"""

# Another size gives readings another meaning, as another factor or bound does (0001, 0008).
SIZES_REDERIVE = """
CREATE TRIGGER announce_size AFTER UPDATE OF register_size ON devices.device_model
    FOR EACH ROW WHEN (NEW.register_size IS DISTINCT FROM OLD.register_size)
    EXECUTE FUNCTION devices.announce_bound();
CREATE TRIGGER announce_size AFTER UPDATE OF register_size ON devices.installation
    FOR EACH ROW WHEN (NEW.register_size IS DISTINCT FROM OLD.register_size)
    EXECUTE FUNCTION devices.announce_installation()
"""

# What was billed as measured by a size that was guessed is looked at again; a month detached stays as it was.
GUESSED_REDERIVE = """
INSERT INTO devices.arrival (installation_id, received_at, first_ts, last_ts, n)
SELECT i.id, now(), now(), now(), 0 FROM devices.installation i
WHERE EXISTS (SELECT FROM devices.hourly_energy h WHERE h.point_id = i.point_id AND h.cause = 'rollover')
"""


def upgrade() -> None:
    """Add the two columns and what follows when they change."""
    for table in ("device_model", "installation"):
        op.add_column(table, sa.Column("register_size", sa.Numeric(), nullable=True), schema="devices")
        op.create_check_constraint(op.f(f"ck_{table}_register_size"), table, "register_size > 0", schema="devices")
    op.execute(CAUSES)
    op.execute(SIZES_REDERIVE)
    op.execute(GUESSED_REDERIVE)


def downgrade() -> None:
    """Refuse: sizes somebody said would be forgotten, and hours would have a cause nobody knows."""
    raise RuntimeError("the sizes of registers would be forgotten; restore the backup instead")
