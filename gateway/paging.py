"""Pages of listings, the same everywhere: ``page`` from 1, ``limit`` to 100, and the total."""

from typing import Annotated, Final, Generic, TypeVar

from litestar.params import PathParameter, QueryParameter
from msgspec import Struct

T = TypeVar("T")

ID_MAX: Final = 2**63 - 1
"""Ids are bigint in Postgres."""

Id = Annotated[int, PathParameter(ge=1, le=ID_MAX)]
"""An integer id in a path."""

PageNumber = Annotated[int, QueryParameter(ge=1, le=1_000_000)]
PageSize = Annotated[int, QueryParameter(ge=1, le=100)]


class Page(Struct, Generic[T], frozen=True):
    """One page of a listing; ``total`` counts what all pages have."""

    items: list[T]
    page: int
    limit: int
    total: int
