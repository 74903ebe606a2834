"""One way to call a script: by SHA, at the generation this process believes in, never loading it.

An answer is a word and its slots. ``read_answer`` turns it into one of the frozen Structs of the
script's closed union, by the table that stands in its binding; an unknown word raises.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
import redis.asyncio
import redis.exceptions

from lua import keys, scripts
from lua.outcomes import Closed

Outcome = TypeVar("Outcome")
Argument = str | int | bytes

NO_SCRIPT: Final[list[Any]] = [b"closed", b"noscript"]
"""What a missing script means: the server restarted, or serves another generation."""

UNREACHABLE: Final = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError, OSError)


class StoreError(Exception):
    """Root: what can go wrong with the store, split by what the caller does next."""


class StoreUnreachable(StoreError):
    """Nothing is known of the call, it may have been carried out: ask again, idempotently."""


class ScriptFailed(StoreError):
    """The script refused its arguments, or the server the script: a bug, or memory is full."""


class UnknownAnswer(StoreError):
    """A script answered a word that its binding does not know: a bug."""


class Store:
    """The scripts of one generation on one server.

    ``generation`` is what this process believes; after a `Closed` answer call `refresh`. Atomic per
    call; holds no state besides. Not safe to share between event loops.
    """

    def __init__(self, client: "redis.asyncio.Redis", generation: int) -> None:
        self.client = client
        self.generation = generation

    async def run(self, name: str, base: str, *arguments: Argument) -> list[Any]:
        """Run script ``name`` on the lane ``base`` and return its raw reply, a word and its slots.

        A missing script answers ``closed noscript``. Raises StoreUnreachable, ScriptFailed.
        """
        sha = scripts.sha(name, self.generation)
        try:
            reply = await self.client.execute_command(  # type: ignore[no-untyped-call]
                "EVALSHA", sha, 1, base, *arguments
            )
        except redis.exceptions.NoScriptError:
            return NO_SCRIPT
        except UNREACHABLE as lost:
            raise StoreUnreachable(f"{name} on {base}: {lost}") from lost
        except redis.exceptions.ResponseError as refused:
            raise ScriptFailed(f"{name} on {base}: {refused}") from refused
        return list(reply)

    async def refresh(self) -> int:
        """Read the generation that the store serves, believe it, and return it; 0: there is none.

        Raises StoreUnreachable.
        """
        try:
            found = await self.client.get(keys.GENERATION)
        except UNREACHABLE as lost:
            raise StoreUnreachable(str(lost)) from lost
        self.generation = int(found or 0)
        return self.generation

    async def load(self) -> None:
        """Load every script of this generation. Only recovery and a deploy do so, under a lock."""
        for name in scripts.names():
            await self.client.script_load(scripts.text(name, self.generation))

    async def has_scripts(self) -> bool:
        """Tell whether the server knows all scripts of this generation. Raises StoreUnreachable."""
        wanted = [scripts.sha(name, self.generation) for name in scripts.names()]
        try:
            return all(await self.client.script_exists(*wanted))
        except UNREACHABLE as lost:
            raise StoreUnreachable(str(lost)) from lost


def read_answer(
    name: str, reply: Sequence[Any], answers: Mapping[str, type[Outcome]]
) -> Outcome | Closed:
    """Turn a script's reply into the outcome of its word; numbers may come as text.

    Raises UnknownAnswer for a word outside ``answers`` and ``closed``, or slots that do not fit.
    """
    word = reply[0].decode()
    kind: type[Any] | None = Closed if word == "closed" else answers.get(word)
    if kind is None:
        raise UnknownAnswer(f"{name} answered {reply!r}")
    slots = [slot.decode() if isinstance(slot, bytes) else slot for slot in reply[1:]]
    fields = kind.__struct_fields__
    if len(slots) != len(fields):
        raise UnknownAnswer(f"{name} answered {reply!r}, expected {word} with {fields}")
    try:
        found: Outcome | Closed = msgspec.convert(
            dict(zip(fields, slots, strict=True)), kind, strict=False
        )
    except msgspec.ValidationError as misfit:
        raise UnknownAnswer(f"{name} answered {reply!r}: {misfit}") from misfit
    return found
