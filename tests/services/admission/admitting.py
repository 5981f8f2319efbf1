"""Batches judged by workers and by the node itself, to be compared."""

from collections.abc import Sequence

from ledger.errors import LedgerError
from ledger.services.admission.batches import Admission, Admitted
from ledger.services.registration.register import Answer, register_many
from ledger.store.rows import NewStatement
from tests.services.nodes import NOW, Node
from tests.simulator import World

WORKERS = 2


def found(admission: Admission, documents: Sequence[bytes], wanted: str | None = None) -> list[Admitted]:
    return admission.found(admission.submit(documents, now=NOW, wanted=wanted))


def told(admitted: Admitted) -> object:
    """All that is said of a document."""
    if isinstance(admitted, NewStatement):
        return admitted
    problems = getattr(admitted, "problems", None)
    return (type(admitted), str(admitted), admitted.code, admitted.pointer, admitted.offset, problems)


def here(node: Node, documents: Sequence[bytes], wanted: str | None = None) -> list[object]:
    """What the node says by itself."""
    with Admission(node.parties) as admission:
        return [told(one) for one in found(admission, documents, wanted)]


def records(world: World, count: int, name: str = "r") -> list[bytes]:
    return [world.record(f"{name}{at}").encoded for at in range(count)]


def codes(answers: Sequence[Admitted | Answer]) -> set[str]:
    return {one.code if isinstance(one, LedgerError) else "good" for one in answers}


def stream(node: Node, documents: Sequence[bytes], admission: Admission) -> list[Answer]:
    return list(
        register_many(
            documents,
            parties=node.parties,
            sequencer=node.sequencer,
            clock=lambda: NOW,
            admission=admission,
        )
    )
