"""A node's attester, with what the node itself knows."""

from collections.abc import Callable
from functools import partial

from ledger.core.trust import TrustList
from ledger.services.anchoring.observing import ObservedChains
from ledger.services.finality.attesting import Attester, attester_of
from ledger.services.finality.attesting_foreign import own_checkpoints
from ledger.services.home.folder import Home
from ledger.services.trust.partners import PartnerBook
from ledger.services.trust.pinned import believed
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
