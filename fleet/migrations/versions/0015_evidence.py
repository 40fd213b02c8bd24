"""The keys the SPL signs its evidence with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from fleet.migrations.access import close, open_to, watch

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON billing.signing_key
    FOR EACH STATEMENT EXECUTE FUNCTION foundation.refuse_change('a key that signed is never forgotten');
"""


def upgrade() -> None:
    """Keep public keys with their dates; anyone may read them, the worker adds and retires them."""
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("used_from", sa.Date(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("fingerprint ~ '^[0-9a-f]{64}$'", name=op.f("ck_signing_key_fingerprint")),
        sa.CheckConstraint("retired_on IS NULL OR retired_on >= used_from", name=op.f("ck_signing_key_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_signing_key_fingerprint")),
        schema="billing",
    )
    op.execute(
        "ALTER TABLE billing.signing_key ADD CONSTRAINT ex_signing_key_one_at_a_time"
        " EXCLUDE USING gist (daterange(used_from, retired_on) WITH &&)"
    )
    close("billing.signing_key")
    for role in ("operator", "shareholder", "technician", "public"):
        open_to("billing.signing_key", role, "S")
    open_to("billing.signing_key", "worker", "SIU")
    op.execute(KEPT)
    watch("billing.signing_key")


def downgrade() -> None:
    """Forget the keys: only where nothing was signed."""
    op.drop_table("signing_key", schema="billing")
