"""Providers that are cut off at a chosen point, as a process that dies there would leave them."""

from typing import Any

from settlement.providers.errors import ProviderUnreachable
from settlement.providers.simulator import Simulator


class Killed(BaseException):
    """The process died here; nothing in it can catch this."""


class Dying(Simulator):
    """Dies before or after it is asked to do ``call``, as often as it is told."""

    def __init__(self, url: str, secret: str, call: str, *, after: bool, times: int = 1) -> None:
        super().__init__(url, secret, timeout_s=1.0)
        self._dies, self._after, self._times = call, after, times

    async def _call(self, method: str, path: str, *rest: Any) -> Any:
        mine = method == "POST" and path.endswith(self._dies)
        if mine and not self._after and self._times:
            self._times -= 1
            raise Killed
        answer = await super()._call(method, path, *rest)
        if mine and self._after and self._times:
            self._times -= 1
            raise Killed
        return answer


class Forgetful(Simulator):
    """A provider that forgets idempotency keys at once, and loses its first answer to a refund."""

    lost = False

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None
    ) -> Any:
        answer = await super()._call(method, path, body, None)
        if path.endswith("/refunds") and method == "POST" and not self.lost:
            self.lost = True
            raise ProviderUnreachable(self.name, "the answer was lost")
        return answer
