"""What commands ask of adapters: what one of them raises is told as any other answer, and not as a traceback."""

from collections.abc import Mapping

from agent.core.adapter import Adapter, Capabilities, Health
from agent.core.trial import Plan
from agent.errors import AdapterError


def able(made: Mapping[str, Adapter]) -> dict[str, Capabilities]:
    """Instrument -> what its adapter can do.

    Raises:
        AdapterError: one of them does not say.
    """
    return {name: _able(name, one) for name, one in made.items()}


def _able(instrument: str, adapter: Adapter) -> Capabilities:
    from agent.assemble import asked

    try:
        return asked(adapter.capabilities)
    except AdapterError as error:
        raise AdapterError(f"{instrument} cannot be used: {error.message}", error.hint) from error


def well(adapter: Adapter) -> Health:
    """How the instrument is; faulted, where its adapter cannot say."""
    from agent.assemble import asked

    try:
        return asked(adapter.health)
    except AdapterError as error:
        return Health(state="faulted", reason=error.message)


def against(adapter: Adapter, plan: Plan) -> tuple[str, ...]:
    """What the adapter says against a plan; where it cannot say, that."""
    from agent.assemble import asked

    try:
        return asked(lambda: adapter.check(plan))
    except AdapterError as error:
        return (error.message,)
