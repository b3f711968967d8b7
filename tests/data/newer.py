"""A program one version ahead: our migrations, and one more."""

from pathlib import Path
from shutil import copytree

from agent.data.schema import SCRIPTS

NOW = max(one.name[:4] for one in (SCRIPTS / "versions").glob("[0-9]*.py"))
"""The version of this program's stores."""

NEXT = f"{int(NOW) + 1:04d}"
"""The version of that program's."""

_NEXT = f"""
from alembic import op

revision = "{NEXT}"
down_revision = "{NOW}"


def upgrade():
    op.execute("CREATE TABLE remarks (words TEXT)")
"""


def newer_scripts(folder: Path) -> Path:
    """The migrations of that program, under `folder`."""
    scripts = folder / "newer"
    copytree(SCRIPTS, scripts)
    (scripts / "versions" / f"{NEXT}_remarks.py").write_text(_NEXT)
    return scripts
