"""A program one version ahead: our migrations, and one more."""

from pathlib import Path
from shutil import copytree

from agent.data.schema import SCRIPTS

_NEXT = """
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.execute("CREATE TABLE remarks (words TEXT)")
"""


def newer_scripts(folder: Path) -> Path:
    """The migrations of that program, under `folder`."""
    scripts = folder / "newer"
    copytree(SCRIPTS, scripts)
    (scripts / "versions" / "0003_remarks.py").write_text(_NEXT)
    return scripts
