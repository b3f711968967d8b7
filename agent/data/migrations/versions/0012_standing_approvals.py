"""Standing approvals, their revocations, and which approvals were given in their name."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("standing_approvals", "revocations")


def upgrade() -> None:
    """Make the tables, and keep what was given, revoked or counted from being rewritten."""
    op.create_table(
        "standing_approvals",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column("campaign", sa.String(), sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("instruments", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("region", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("reasons", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("campaign", "number"),
    )
    op.create_table(
        "revocations",
        sa.Column("id", sa.String(), primary_key=True, nullable=False),
        sa.Column(
            "campaign", sa.String(), sa.ForeignKey("campaigns.id"), nullable=False, index=True
        ),
        sa.Column(
            "standing",
            sa.String(),
            sa.ForeignKey("standing_approvals.id"),
            nullable=False,
            unique=True,
        ),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("approvals", sa.Column("standing", sa.String(), nullable=True))
    op.create_index("ix_approvals_standing", "approvals", ["standing"])
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql()
    else:
        _guard_sqlite()


def _guard_sqlite() -> None:
    for table in TABLES:
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    op.execute(
        "CREATE TRIGGER approvals_no_change_of_standing BEFORE UPDATE OF standing ON approvals "
        "BEGIN SELECT RAISE(ABORT, 'an approval is not changed'); END"
    )


def _guard_postgresql() -> None:
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION athanor_append_only()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_not_for_a_person BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION athanor_not_for_a_person()"
        )
    op.execute(
        "CREATE TRIGGER approvals_no_change_of_standing BEFORE UPDATE OF standing ON approvals "
        "FOR EACH ROW EXECUTE FUNCTION athanor_append_only()"
    )
