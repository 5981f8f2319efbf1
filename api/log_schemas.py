"""What the API says of the log itself, as its description tells it; see `api.schemas`."""

from pydantic import Field

from api.schemas import Wire


class Consistency(Wire):
    """That one size of the log begins with another."""

    origin: str
    old: int
    new: int
    path: list[str] = Field(description="hashes, 64 lower-case hex digits each")


class IssuedStatement(Wire):
    """A statement by its place in the log."""

    index: int
    digest: str
    id: str


class IssuedStatements(Wire):
    """A page of an issuer's statements."""

    size: int = Field(description="of the published checkpoint that covers them")
    items: list[IssuedStatement]
    next: str | None = Field(None, description="`after` of the following page")
