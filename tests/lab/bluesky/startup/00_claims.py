"""Each job once: the plan claims its id before anything moves, and the agent may rule an id out."""

import os
from pathlib import Path

CLAIMS = Path(os.environ.get("LAB_FOLDER", "lab")) / "claims"


def claim(job: str, word: str = "begun") -> str:
    """Put `word` to a job that has none yet, for ever; the word that it had before, or 'free'."""
    CLAIMS.mkdir(parents=True, exist_ok=True)
    scrap = CLAIMS / f".{job}.{os.getpid()}.{word}"
    scrap.write_text(word)
    try:
        os.link(scrap, CLAIMS / job)  # one winner, and never half a word
    except FileExistsError:
        return (CLAIMS / job).read_text()
    finally:
        scrap.unlink()
    return "free"


def job_claim(job: str, withdraw: bool = False) -> str:
    """How a job stands: free, begun or withdrawn. The agent asks, and may withdraw what is free."""
    if withdraw:
        claim(job, "withdrawn")
    return (CLAIMS / job).read_text() if (CLAIMS / job).exists() else "free"
