"""Ctrl-C, SIGTERM and SIGHUP end a stack in order instead of tearing it down."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Final

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):
    """We were asked to end. Like KeyboardInterrupt no `except Exception` holds it up."""


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Leave the block as if it had ended when a stop signal arrives.

    The first signal unwinds the block, so every `with` inside closes what it opened; later ones are
    ignored until that is done (each stop in there has its own time limit). Main thread only.
    """

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested

    before = {each: signal.signal(each, on_signal) for each in STOP_SIGNALS}
    try:
        with contextlib.suppress(StopRequested):
            yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
