"""POST /auth/register: become a customer."""

from datetime import datetime
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from litestar import Request, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from gateway.accounts.passwords import TooManyWaiting, WeakPassword
from gateway.accounts.users import Account, EmailTaken, insert_user
from gateway.exceptions import invalid
from gateway.problems import FieldError, Refused
from gateway.process import Process, process_of
from migrations.states import Role

Email = Annotated[str, Meta(min_length=3, max_length=320)]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
"""Any length a person may type; how long a good one is, is said with better words later."""


class NewAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """Who wants to register; the password has 8 characters to 128 bytes and is not guessable."""

    email: Email
    password: Password


class Registered(Struct, frozen=True):
    """The new account."""

    id: int
    email: str
    role: Role
    is_active: bool
    email_verified: bool
    created_at: datetime


@post("/auth/register", tags=["accounts"])
async def register_route(request: Request[Any, Any, Any], data: JSONBody[NewAccount]) -> Registered:
    """Register an e-mail with a password."""
    account = await register(process_of(request), data.email, data.password)
    return Registered(
        account.id,
        account.email,
        account.role,
        account.is_active,
        account.email_verified,
        account.created_at,
    )


async def register(process: Process, email: str, password: str, role: Role = "customer") -> Account:
    """Add a person. Raises Refused: invalid_request, weak_password, email_taken, overloaded."""
    address = read_email(email)
    password_hash = await hash_new_password(process, password, address)
    try:
        async with process.database.begin() as connection:
            return await insert_user(connection, address, password_hash, role)
    except EmailTaken:
        raise Refused("email_taken") from None


def read_email(email: str) -> str:
    """Return the address in its normal form. Raises Refused (invalid_request)."""
    try:
        return validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as misfit:
        raise invalid(FieldError("email", str(misfit))) from None


async def hash_new_password(process: Process, password: str, *related: str) -> str:
    """Return the hash of a new password. Raises Refused: weak_password, overloaded."""
    try:
        return await process.passwords.hash_new(password, *related)
    except WeakPassword as weak:
        error = FieldError("password", weak.reason)
        raise Refused("weak_password", weak.reason, errors=[error]) from None
    except TooManyWaiting:
        raise Refused("overloaded", "Too many passwords are being checked.") from None
