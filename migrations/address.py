"""Spellings of a database URL: for SQLAlchemy, for people to read, and what is refused."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+asyncpg"
ACCEPTED = ("postgresql", "postgres", DRIVER)
SECRET_OPTIONS = ("password", "sslpassword")


def parse(url: str) -> URL:
    """The URL for SQLAlchemy with asyncpg. `postgresql://` and `postgresql+asyncpg://` are taken.

    Raises:
        ValueError: not such a URL, or no database named. The text never contains the URL.
    """
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError("not a database URL") from None
    if address.drivername not in ACCEPTED:
        raise ValueError("expected postgresql:// or postgresql+asyncpg://")
    if not address.database:
        raise ValueError("the URL names no database")
    return address.set(drivername=DRIVER)


def masked(url: str) -> str:
    """The URL with passwords replaced by `***`, fit for logs; `***` alone if it is not one."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        return "***"
    hidden = {name: "***" for name in SECRET_OPTIONS if name in address.query}
    return address.update_query_dict(hidden).render_as_string(hide_password=True)
