"""Where a decision was told that the instrument would be left."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: to earlier decisions a change of settings cost nothing."""
    present = sa.Column("present", sa.JSON(), nullable=False, server_default="{}")
    op.add_column("decisions", present)
