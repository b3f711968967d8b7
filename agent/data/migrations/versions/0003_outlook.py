"""What a decision knew of failures and of what is left to gain; how likely a proposed point is to work."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: earlier decisions looked at no failures and told no outlook."""
    infeasible = sa.Column("infeasible", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("decisions", infeasible)
    op.add_column("decisions", sa.Column("outlook", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("proposals", sa.Column("feasible", sa.Float(), nullable=True))
