"""Where several processes serve one log: what each of them answers, by its role."""

from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import answer
from ledger.errors import RefusedError
from ledger.services.node.roles import check_served


class OfItsRole:
    """Refuses what a process of this role does not serve."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As of ASGI."""
        if scope["type"] == "http":
            try:
                check_served(scope["app"].state.node.role, scope["path"])
            except RefusedError as error:
                await answer(error, scope["path"])(scope, receive, send)
                return
        await self.app(scope, receive, send)
