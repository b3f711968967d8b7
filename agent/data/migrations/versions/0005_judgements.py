"""What people say of ended trials."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and keep it from being rewritten; on PostgreSQL the agent speaks for nobody."""
    op.create_table(
        "judgements",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column(
            "campaign", sa.String(), sa.ForeignKey("campaigns.id"), nullable=False, index=True
        ),
        sa.Column("trial", sa.String(), sa.ForeignKey("trials.id"), nullable=False, index=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER judgements_no_{verb} BEFORE {verb.upper()} ON judgements "
            "BEGIN SELECT RAISE(ABORT, 'judgements is append-only'); END"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE TRIGGER judgements_no_change BEFORE UPDATE OR DELETE ON judgements "
        "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
    )
    op.execute(
        "CREATE TRIGGER judgements_no_truncate BEFORE TRUNCATE ON judgements "
        "FOR EACH STATEMENT EXECUTE FUNCTION athanor_append_only()"
    )
    op.execute(
        "CREATE TRIGGER judgements_not_for_a_person BEFORE INSERT ON judgements "
        "FOR EACH ROW EXECUTE FUNCTION athanor_not_for_a_person()"
    )
