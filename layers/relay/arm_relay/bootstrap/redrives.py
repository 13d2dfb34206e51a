"""The bulk redrives, for the two functions that know of them."""

from arm_relay.bootstrap import clients
from arm_relay.settings import Settings
from arm_relay.store.redrives import Redrives


def redrives(settings: Settings) -> Redrives:
    """The bulk redrives, kept as long as batches."""
    return Redrives(clients.aws("dynamodb"), settings.table_name, life=settings.times().retention)
