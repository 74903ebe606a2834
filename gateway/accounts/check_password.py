"""Whose password this is: counted, in bounded threads, and no faster for nobody's."""

from gateway.accounts import lock_out
from gateway.accounts.passwords import TooManyWaiting
from gateway.accounts.users import Credentials, credentials_of
from gateway.problems import Refused
from gateway.process import Process


async def check_password(process: Process, email: str, password: str) -> Credentials:
    """Return whose password it is. The answer and its time are the same for an unknown e-mail.

    Raises Refused: invalid_credentials, account_locked, rate_limited, overloaded.
    """
    settings = process.settings
    async with process.database.begin() as connection:
        attempt = await lock_out.count_attempt(
            connection, email, settings.lockout_failures, settings.lockout_s
        )
        found = await credentials_of(connection, email)
    if attempt.locked_s:
        raise Refused("account_locked", retry_after_s=attempt.locked_s)
    if attempt.failures > settings.lockout_failures:
        raise Refused("rate_limited", "Other attempts with this e-mail are being checked.")
    try:
        known = None if found is None else found.password_hash
        fits = await process.passwords.verify(known, password)
    except TooManyWaiting:
        async with process.database.begin() as connection:
            await lock_out.take_back_attempt(connection, email)
        raise Refused("overloaded", "Too many passwords are being checked.") from None
    if fits and found is not None and found.is_active:
        return found
    async with process.database.begin() as connection:
        await lock_out.note_failure(
            connection, email, settings.lockout_failures, settings.lockout_s
        )
    raise Refused("invalid_credentials")
