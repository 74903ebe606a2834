"""Failed attempts per e-mail, known or not, so that a lock-out tells nothing about accounts.

An attempt is counted before its password is looked at, so that many at once cannot get more tries
than the limit. A good password takes the count back.
"""

from typing import Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class Attempt(Struct, frozen=True):
    """This attempt is the ``failures``-th that may fail. locked_s: how long nobody may try; 0: not
    at all."""

    failures: int
    locked_s: int


_COUNT: Final = text("""
INSERT INTO login_attempts AS l (email_key, failures, updated_at)
VALUES (:email_key, 1, clock_timestamp())
ON CONFLICT (email_key) DO UPDATE SET (failures, locked_until, updated_at) = (
    SELECT
        CASE WHEN locked THEN l.failures WHEN stale THEN 1
             ELSE least(l.failures, :failures_max) + 1 END,
        CASE WHEN locked THEN l.locked_until END,
        CASE WHEN NOT stale AND l.failures >= :failures_max THEN l.updated_at
             ELSE clock_timestamp() END
    FROM (SELECT coalesce(l.locked_until > clock_timestamp(), false) AS locked,
                 l.locked_until <= clock_timestamp() IS TRUE
                 OR l.updated_at < clock_timestamp() - make_interval(secs => :lockout_s) AS stale
    ) AS now)
RETURNING failures,
    ceil(extract(epoch FROM locked_until - clock_timestamp()))::int AS locked_s
""")
"""An attempt that is not looked at does not make the others be remembered for longer."""

_TAKE_BACK: Final = text("""
UPDATE login_attempts SET failures = failures - 1
WHERE email_key = :email_key AND failures > 0 AND locked_until IS NULL
""")

_LOCK: Final = text("""
UPDATE login_attempts SET locked_until = clock_timestamp() + make_interval(secs => :lockout_s)
WHERE email_key = :email_key AND failures >= :failures_max
""")

_MIRROR: Final = text("""
UPDATE users u SET failed_logins = l.failures, locked_until = l.locked_until
FROM login_attempts l WHERE l.email_key = :email_key AND lower(u.email) = :email_key
""")

_TIDY: Final = text("""
DELETE FROM login_attempts WHERE email_key IN (
    SELECT email_key FROM login_attempts WHERE updated_at < now() - interval '1 day'
    ORDER BY updated_at LIMIT 10 FOR UPDATE SKIP LOCKED)
""")
"""Each failure clears away ten old ones, so that made-up e-mails cannot fill the table."""


async def count_attempt(
    connection: AsyncConnection, email: str, failures_max: int, lockout_s: int
) -> Attempt:
    """Count an attempt before it is looked at. Failures older than ``lockout_s`` are forgotten."""
    found = await connection.execute(
        _COUNT,
        {"email_key": email.lower(), "failures_max": failures_max, "lockout_s": lockout_s},
    )
    row = found.one()
    return Attempt(failures=row.failures, locked_s=row.locked_s or 0)


async def take_back_attempt(connection: AsyncConnection, email: str) -> None:
    """The attempt was not looked at after all."""
    await connection.execute(_TAKE_BACK, {"email_key": email.lower()})


async def note_failure(
    connection: AsyncConnection, email: str, failures_max: int, lockout_s: int
) -> None:
    """Lock the e-mail when its last allowed attempt has failed."""
    email_key = email.lower()
    await connection.execute(
        _LOCK, {"email_key": email_key, "lockout_s": lockout_s, "failures_max": failures_max}
    )
    await connection.execute(_MIRROR, {"email_key": email_key})
    await connection.execute(_TIDY)


async def forget_failures(connection: AsyncConnection, email: str) -> None:
    """Start again at none: a good password, or an admin's word."""
    await connection.execute(
        text("DELETE FROM login_attempts WHERE email_key = :email_key"),
        {"email_key": email.lower()},
    )
