"""What the operators' limits left of the space when a decision was made."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Earlier decisions knew nothing of limits."""
    leeway = sa.Column("leeway", sa.JSON(), nullable=False, server_default="[]")
    op.add_column("decisions", leeway)
