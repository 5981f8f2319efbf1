"""From a statement to the subject of its type: the shape, then what depends on issuer and time of signing."""

from collections.abc import Callable, Iterable
from typing import Any

from ledger.core.statement import Statement
from ledger.errors import MalformedError
from ledger.statements.shape import (
    PERSONAL_DATA,
    Object,
    Problem,
    StatementInvalidError,
    Test,
    passes,
    problems,
)

SUBJECT = "/credentialSubject"
CLOCK_TOLERANCE = 300
"""Seconds by which two honest clocks may differ."""


class ContextRule:
    """A condition between the subject and who signed it when."""

    __slots__ = ("needs", "run")

    def __init__(
        self, needs: frozenset[str], run: Callable[[dict[str, Any], str, int], Iterable[Problem]]
    ) -> None:
        """Make a rule.

        Args:
            needs: Members of the subject that must be there and in order for the rule to be asked.
            run: (subject, issuer, created in POSIX seconds) -> problems.
        """
        self.needs, self.run = needs, run


class Kind:
    """A type of statement."""

    __slots__ = ("_test", "context", "name", "roles", "shape")

    def __init__(
        self,
        name: str,
        roles: tuple[str, ...],
        shape: Object,
        context: tuple[ContextRule, ...] = (),
    ) -> None:
        """Describe a type.

        Args:
            name: As in the document's `type`.
            roles: Of which its signer must have one.
            shape: Of the subject.
            context: Conditions that need the issuer and the time of signing.
        """
        self.name, self.roles, self.shape, self.context = name, roles, shape, context
        self._test: Test | None = None

    def passes(self, subject: dict[str, Any], issuer: str, created: int) -> bool:
        """Whether a subject is certain to have none of the `subject_problems`.

        Cost: a quarter of looking for them.
        """
        if self._test is None:  # a verifier meets few of the types
            self._test = self.shape.test()
        if not passes(self._test, subject):
            return False
        for condition in self.context:
            if condition.needs <= subject.keys() and list(condition.run(subject, issuer, created)):
                return False
        return True


def subject_problems(kind: Kind, subject: object, issuer: str, created: int) -> list[Problem]:
    """Every error of a subject signed by `issuer` at `created`, POSIX seconds."""
    found = problems(kind.shape, subject, SUBJECT)
    if isinstance(subject, dict):
        wrong = {
            problem.pointer.split("/")[2]
            for problem in found
            if problem.pointer != SUBJECT and problem.code != PERSONAL_DATA
        }
        for condition in kind.context:
            if condition.needs <= subject.keys() and wrong.isdisjoint(condition.needs):
                found.extend(condition.run(subject, issuer, created))
    return found


def read_subject(kind: Kind, statement: Statement, *, screened: bool = True) -> dict[str, Any]:
    """The subject of a statement, in order.

    Args:
        kind: The type asked for.
        statement: Its signature is not looked at.
        screened: Refuse what looks like personal data.  The forms it looks for may become more in time: a
            node asks this of what it registers, a verifier does not ask it of what was registered.

    Raises:
        MalformedError: `statement-type`: it is of another type; `statement-invalid`
            (`StatementInvalidError`): its fields are not in order, `problems` lists every error.
    """
    if statement.type != kind.name:
        detail = f"the statement is a {statement.type}; a {kind.name} is needed"
        raise MalformedError(detail, code="statement-type")
    if kind.passes(statement.subject, statement.issuer, statement.created):
        return statement.subject
    found = subject_problems(kind, statement.subject, statement.issuer, statement.created)
    if not screened:
        found = [problem for problem in found if problem.code != PERSONAL_DATA]
    if found:
        raise StatementInvalidError(kind.name, found)
    return statement.subject


def optional_digest(subject: dict[str, Any], member: str) -> bytes | None:
    """The 32 bytes of the digest under `member`, None where there is none; of a subject found in order."""
    return bytes.fromhex(subject[member]) if member in subject else None


def signed_by(member: str) -> ContextRule:
    """The rule that the party under `member` is the issuer."""

    def run(subject: dict[str, Any], issuer: str, _created: int) -> Iterable[Problem]:
        if subject[member]["did"] == issuer:
            return ()
        detail = f"the issuer is another party than the {member}"
        return (Problem(f"{SUBJECT}/{member}/did", "issuer-mismatch", detail),)

    return ContextRule(frozenset({member}), run)


def not_in_future(member: str) -> ContextRule:
    """The rule that the time under `member` was not after the signature, but for the clocks' difference."""

    def run(subject: dict[str, Any], _issuer: str, created: int) -> Iterable[Problem]:
        from ledger.core.times import parse_time

        if parse_time(subject[member]) > created + CLOCK_TOLERANCE:
            yield Problem(f"{SUBJECT}/{member}", "time-order", "later than the signature")

    return ContextRule(frozenset({member}), run)
