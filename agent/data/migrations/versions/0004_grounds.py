"""What a proposal rests on: its neighbours, the readings that moved it, its runners-up."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: earlier proposals told no grounds."""
    op.add_column("proposals", sa.Column("grounds", sa.JSON(none_as_null=True), nullable=True))
