"""A node's attester, with what the node itself knows."""

from collections.abc import Callable
from functools import partial

from ledger.core.trust import TrustList
from ledger.services.attesting import Attester, attester_of
from ledger.services.attesting_foreign import own_checkpoints
from ledger.services.home import Home
from ledger.services.observing import ObservedChains
from ledger.services.partners import PartnerBook
from ledger.services.pinned import believed
from ledger.store.checkpoints import Checkpoints


def own_attester(
    home: Home,
    partners: PartnerBook,
    observed: ObservedChains,
    trust: TrustList,
    origin: str,
    checkpoints: Checkpoints,
    clock: Callable[[], float],
) -> Attester:
    """The attester of a node, which vouches for what its own log signed too.

    Args:
        trust: What the node believes where no list is pinned.
        origin: Of its log.
        clock: POSIX seconds.
    """
    own, held = own_checkpoints(origin, checkpoints), partial(believed, home.trust, trust)
    return attester_of(home, partners, observed, trust=held, clock=clock, own=own)
