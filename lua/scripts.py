"""Loads the scripts: contract, shared fragments, and the generation written into the text.

A script's text differs from generation to generation, and so does its SHA: a gateway of an older
generation cannot run anything on a store that recovery has moved on, and a store that has lost its
script cache answers NOSCRIPT. Both mean *closed*. Nothing here ever loads a script on its own.
"""

import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Final

from msgspec import Struct

from lua import keys

FORMAT: Final = "1"
"""The version of the journal's entries, the name of their only field; bump on a change of shape."""

LAZY_RELEASES: Final = 16
"""Overdue holds of an item that one reserve may release: enough for the largest line, and fast."""

ORDERS_KEPT_CHARS: Final = 9 * 37 - 1
"""Length of the nine older order ids kept in a buyer's record; with the newest that makes ten."""

CLOCK_AHEAD_MS: Final = 60_000
"""How far a gateway's clock may run ahead of the server's: a new id lands in tomorrow's slot at
most this long before midnight, which is when that slot is searched too."""

CLOCK_BEHIND_MS: Final = 3_600_000
"""How far it may run behind: an id may be retried for a while, in a slot that is searched."""

_INCLUDE: Final = re.compile(r"^ *-- @include (\w+)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *--.*\n", re.MULTILINE)
_CONTRACT: Final = re.compile(r"^-- @(arg|answer) (\S+)(.*)$", re.MULTILINE)


class Contract(Struct, frozen=True):
    """What a script says of itself: argument names in order, and words it answers with their slots.

    The last argument may end in ``...``: it repeats.
    """

    arguments: tuple[str, ...]
    answers: dict[str, tuple[str, ...]]


def read_source(path: str) -> str:
    """Return the text of ``lua/<path>.lua``. Raises FileNotFoundError."""
    return files("lua").joinpath(f"{path}.lua").read_text(encoding="utf-8")


@cache
def contract(name: str) -> Contract:
    """Return the contract block of script ``name``."""
    arguments: list[str] = []
    answers: dict[str, tuple[str, ...]] = {}
    for kind, word, rest in _CONTRACT.findall(read_source(name)):
        if kind == "arg":
            arguments.append(word)
        else:
            answers[word] = tuple(rest.split())
    return Contract(arguments=tuple(arguments), answers=answers)


@cache
def text(name: str, generation: int) -> str:
    """Return the whole text of script ``name`` for a generation, as it is sent to the server."""
    shebang, _, body = read_source(name).partition("\n")
    constants = "".join(f'local {n} = "{v}"\n' for n, v in _constants(generation).items())
    numbers = (
        f"local DAY_MS, HOLD_SLOTS = {keys.DAY_MS}, {keys.HOLD_SLOTS}\n"
        f"local VERDICT_SLOTS = {keys.VERDICT_SLOTS}\n"
        f"local CLOCK_AHEAD_MS, CLOCK_BEHIND_MS = {CLOCK_AHEAD_MS}, {CLOCK_BEHIND_MS}\n"
        f"local LAZY_RELEASES, ORDERS_KEPT = {LAZY_RELEASES}, {ORDERS_KEPT_CHARS}\n"
    )
    return f"{shebang}\n{constants}{numbers}local BASE = KEYS[1]\n{_expand(body)}"


@cache
def sha(name: str, generation: int) -> str:
    """Return the SHA-1 by which the server knows script ``name`` of a generation."""
    return hashlib.sha1(text(name, generation).encode(), usedforsecurity=False).hexdigest()


@cache
def names() -> tuple[str, ...]:
    """Return the names of all scripts, sorted."""
    return tuple(
        sorted(
            f.name.removesuffix(".lua") for f in files("lua").iterdir() if f.name.endswith(".lua")
        )
    )


def _expand(body: str) -> str:
    expanded = _INCLUDE.sub(lambda found: _expand(read_source(f"fragments/{found[1]}")), body)
    return _COMMENT.sub("", expanded)


def _constants(generation: int) -> dict[str, str]:
    return {
        "GENERATION": str(generation),
        "FORMAT": FORMAT,
        "RETURNED_CHANNEL": keys.RETURNED_CHANNEL,
        **keys.SUFFIXES,
    }
