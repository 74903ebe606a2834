"""The environment of a process, decoded once: every setting of every package, or what is wrong.

Each package owns its settings and their rules; this module only
asks each field by itself, so that all wrong ones are named at once and not one a start.
"""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from flashsale.variables import DOTENV, read_variables
from gateway.settings import GatewaySettings, WrongSettings
from lua.settings import ValkeySettings
from migrations.settings import DatabaseSettings
from settlement.money.settings import MoneySettings
from settlement.providers.settings import ProviderSettings

KINDS: Final[tuple[type[Struct], ...]] = (
    GatewaySettings,
    DatabaseSettings,
    ValkeySettings,
    ProviderSettings,
    MoneySettings,
)
STAND_INS: Final = {
    "SECRET_KEY": secrets.token_urlsafe(32),
    "DATABASE_URL": "postgresql://host/database",
    "REDIS_URL": "redis://host",
}
"""Good values of what has no default, so that the others can be judged without them."""

_SECRET: Final = re.compile(r"SECRET|PASSWORD|TOKEN(?!_EXPIRE)")
_URL_LOGIN: Final = re.compile(r"(?<=://)([^:/@\s]*):[^@/\s]*@")
_PLACE: Final = re.compile(r" - at `\$\.\w+`$")

Settings = TypeVar("Settings", bound=Struct)


class WrongEnvironment(Exception):
    """``wrong``: the name of every wrong variable and what is the matter; holds no secret."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name} {reason}" for name, reason in wrong.items()))
        self.wrong = dict(wrong)


class Variable(Struct, frozen=True):
    """One variable as `config check` shows it. ``source``: environment, .env or default."""

    name: str
    shown: str
    source: str
    wrong: str = ""


class Environment(Struct, frozen=True):
    """The settings of every package."""

    gateway: GatewaySettings
    database: DatabaseSettings
    valkey: ValkeySettings
    providers: ProviderSettings
    money: MoneySettings


def read_environment(variables: Mapping[str, str]) -> Environment:
    """Decode the settings of every package. Raises WrongEnvironment with all that is wrong."""
    wrong = find_wrong(variables)
    if wrong:
        raise WrongEnvironment(wrong)
    return Environment(
        gateway=_decode(GatewaySettings, variables),
        database=_decode(DatabaseSettings, variables),
        valkey=_decode(ValkeySettings, variables),
        providers=_decode(ProviderSettings, variables),
        money=_decode(MoneySettings, variables),
    )


def read_stores(variables: Mapping[str, str]) -> tuple[DatabaseSettings, ValkeySettings]:
    """Decode only what is needed to reach Postgres and the store. Raises WrongEnvironment."""
    wrong = {
        **_find_wrong_of(DatabaseSettings, variables),
        **_find_wrong_of(ValkeySettings, variables),
    }
    if wrong:
        raise WrongEnvironment(wrong)
    return _decode(DatabaseSettings, variables), _decode(ValkeySettings, variables)


def read_database(variables: Mapping[str, str]) -> DatabaseSettings:
    """Decode only what is needed to reach Postgres. Raises WrongEnvironment."""
    wrong = _find_wrong_of(DatabaseSettings, variables)
    if wrong:
        raise WrongEnvironment(wrong)
    return _decode(DatabaseSettings, variables)


def find_wrong(variables: Mapping[str, str]) -> dict[str, str]:
    """Return every wrong variable and what is the matter with it, without its value."""
    wrong: dict[str, str] = {}
    for kind in KINDS:
        wrong.update(_find_wrong_of(kind, variables))
    return wrong


def describe(folder: Path | None = None) -> list[Variable]:
    """Return every variable of every package, in their order: its value, masked, and its source."""
    variables = read_variables(folder)
    wrong = find_wrong(variables)
    found: dict[str, Variable] = {}
    for kind in KINDS:
        for field in msgspec.structs.fields(kind):
            name = field.encode_name
            if name in variables:
                source = "environment" if os.environ.get(name) else DOTENV
                shown = mask(name, variables[name])
            else:
                source, shown = "default", "" if field.required else mask(name, _text(field))
            found.setdefault(name, Variable(name, shown, source, wrong.pop(name, "")))
    found.update({name: Variable(name, "", "", reason) for name, reason in wrong.items()})
    return list(found.values())


def mask(name: str, value: str) -> str:
    """Return a value as it may be shown: secrets by their length, URLs without their password."""
    if value and _SECRET.search(name):
        return f"*** ({len(value.encode())} bytes)"
    return _URL_LOGIN.sub(r"\1:***@", value)


def _text(field: msgspec.structs.FieldInfo) -> str:
    default = field.default
    return "" if default is None or default is msgspec.NODEFAULT else str(default)


def _decode(kind: type[Settings], variables: Mapping[str, str]) -> Settings:
    return msgspec.convert(_given(kind, variables), kind, strict=False)


def _given(kind: type[Struct], variables: Mapping[str, str]) -> dict[str, str]:
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    return {name: variables[name] for name in names if variables.get(name)}


def _find_wrong_of(kind: type[Struct], variables: Mapping[str, str]) -> dict[str, str]:
    """Decode each variable beside good ones for the others, then the good ones together."""
    given = _given(kind, variables)
    needed = [field.encode_name for field in msgspec.structs.fields(kind) if field.required]
    stand_ins = {name: STAND_INS[name] for name in needed}
    wrong = {name: "is required" for name in needed if name not in given}
    for name, value in given.items():
        wrong.update(_failures(kind, {**stand_ins, name: value}, blamed=name))
    good = {name: value for name, value in given.items() if name not in wrong}
    return {**_failures(kind, {**stand_ins, **good}), **wrong}


def _failures(kind: type[Struct], given: Mapping[str, str], blamed: str = "") -> dict[str, str]:
    """Return what a Struct says of these variables; ``blamed`` where it names none."""
    try:
        msgspec.convert(given, kind, strict=False)
    except WrongSettings as several:
        return several.wrong
    except msgspec.ValidationError as misfit:
        cause = misfit.__cause__
        if isinstance(cause, WrongSettings):
            return cause.wrong
        said = str(misfit)
        at = re.search(r"`\$\.(\w+)`$", said)
        said, name = _PLACE.sub("", said), at[1] if at else blamed
        named = next((one for one in _names(kind) if said.startswith(one)), "")
        return {named or name or kind.__name__: said.removeprefix(named).lstrip(": ")}
    return {}


def _names(kind: type[Struct]) -> list[str]:
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    return sorted(names, key=len, reverse=True)
