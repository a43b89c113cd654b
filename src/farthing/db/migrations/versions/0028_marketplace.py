"""What sellers offer, what it earns them, their part of an order, and parcels."""

from pathlib import Path

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute(Path(__file__).with_suffix(".up.sql").read_text())


def downgrade() -> None:
    op.execute(Path(__file__).with_suffix(".down.sql").read_text())
