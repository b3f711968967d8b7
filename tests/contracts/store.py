"""The contract of a store. Inherit it, give a fixture `store`, and the whole of it is tested."""

from tests.contracts.store_account import JournalContract, LeaseContract
from tests.contracts.store_gate import GateContract
from tests.contracts.store_instruments import InstrumentContract
from tests.contracts.store_planning import PlanningContract
from tests.contracts.store_races import RaceContract
from tests.contracts.store_records import RecordContract
from tests.contracts.store_remembering import RememberingContract
from tests.contracts.store_running import RunningContract
from tests.contracts.store_standing import StandingContract
from tests.contracts.store_stocks import StockContract


class StoreContract(
    RecordContract,
    PlanningContract,
    GateContract,
    StandingContract,
    InstrumentContract,
    StockContract,
    RunningContract,
    LeaseContract,
    JournalContract,
    RaceContract,
    RememberingContract,
):
    """Everything that a store does, whatever database it is kept in."""
