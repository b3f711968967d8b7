"""What can be looked at before a night: each thing is fine, worth a note, or a fault with its mend.

Judging is pure, over facts: `packages`, `store`, `instruments`, `processes`. `look` gathers the facts.
"""

from agent.doctor.finding import Finding, Level
from agent.doctor.look import examine

__all__ = ["Finding", "Level", "examine"]
