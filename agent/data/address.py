"""Where a store is: a URL or a path, made regular; and whether SQLite may live there."""

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from agent.errors import StoreError

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_NETWORK = (
    "nfs nfs3 nfs4 cifs smb3 smbfs afs ceph lustre gpfs beegfs beegfs_nodev panfs glusterfs "
    "fuse.glusterfs fuse.sshfs fuse.ceph fuse.s3fs fuse.rclone fuse.juicefs fuse.beegfs"
)


_NO_FOLDER = "athanor run FILE makes one in your data folder; make the folder for any other"


def parse(url: str) -> URL:
    """`url` made regular: a plain path is a SQLite file, `postgresql://` goes through psycopg.

    Raises:
        StoreError: it is neither.
    """
    if not url.strip():
        raise StoreError("no store is named", "give a path, or sqlite:///… or postgresql://…")
    if "://" not in url:
        return URL.create("sqlite", database=str(Path(url).expanduser()))
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{url!r} is no URL", "a path, sqlite:///… or postgresql://…") from error
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreError(
            f"no store is kept in {parsed.drivername!r}", "use sqlite:///… or postgresql://…"
        )
    return parsed.set(drivername=driver)


def is_memory(url: URL) -> bool:
    """Whether it is a SQLite database in memory."""
    return url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:")


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database, absolute; None for every other."""
    if url.get_backend_name() != "sqlite" or is_memory(url):
        return None
    return Path(str(url.database)).absolute()


def check_folder(path: Path, mounts: str | None = None) -> None:
    """See that SQLite may keep its file at `path`.

    Args:
        path: The file.
        mounts: The text of `/proc/mounts`; read from there if None.

    Raises:
        StoreError: there is no such folder, or it is on a network file system, where the locks
            that keep two writers apart (and the shared memory of WAL) cannot be relied upon.
    """
    folder = path.parent.resolve()
    if not folder.is_dir():
        raise StoreError(f"there is no store: no folder {folder}", _NO_FOLDER)
    kind = _file_system(folder, _mounts() if mounts is None else mounts)
    if kind in _NETWORK.split():
        raise StoreError(
            f"{path} is on a network file system ({kind}), where SQLite loses data",
            "use a local disk, or PostgreSQL",
        )


def _mounts() -> str:
    source = Path("/proc/mounts")
    return source.read_text() if source.exists() else ""


def _file_system(folder: Path, mounts: str) -> str:
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        # The kernel writes spaces and the like as octal escapes.
        point = Path(fields[1].encode().decode("unicode_escape"))
        # A later mount on the same place hides the earlier one.
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind
