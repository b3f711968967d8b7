"""What did not work, in the decisions that learnt from it, and how likely a proposed point is to work."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: earlier decisions looked at no failures."""
    infeasible = sa.Column("infeasible", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("decisions", infeasible)
    op.add_column("proposals", sa.Column("feasible", sa.Float(), nullable=True))
