"""Names of the records: short, readable, in order. A job's name is its idempotency key."""

import secrets

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def new_campaign() -> str:
    """A random token; every other id of the campaign begins with it, so none ever comes twice."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def record(campaign: str, letter: str, number: int) -> str:
    """`k7f3qz-T0012`: campaign, a letter for the kind, and the number of its kind.

    Ids are read in the order of their texts, so observations, of which there are many, are wider.
    """
    return f"{campaign}-{letter}{number:0{6 if letter == 'O' else 4}d}"


def job(trial: str, step: int, attempt: int) -> str:
    """`k7f3qz-T0012.1.1`: the trial, its step, and which attempt this is."""
    return f"{trial}.{step}.{attempt}"
