"""A row's repr is for logs: its key and harmless facts, never a secret. # R5"""

import uuid

import pytest

from migrations.schema import Base, EmailVerification, Order, Payment, RefreshToken, User

SECRET_COLUMNS = {
    "email",
    "email_key",
    "password_hash",
    "token_hash",
    "client_secret",
    "redirect_url",
    "provider_response",
    "payload",
    "body",
    "phone",
    "full_name",
    "recipient",
    "idempotency_key",
    "before",
    "after",
}


def test_a_row_shows_its_key_and_what_is_safe() -> None:
    key = uuid.UUID(int=7)
    assert repr(Order(id=key, status="PAID", seq=3, idempotency_key="s3cret")) == (
        f"Order(id={key!r}, status='PAID', seq=3)"
    )


@pytest.mark.parametrize(
    "row",
    [
        User(id=1, email="s3cret", password_hash="s3cret", phone="s3cret"),
        Payment(client_secret="s3cret", provider_response={"card": "s3cret"}),
        RefreshToken(token_hash=b"s3cret"),
        EmailVerification(token_hash=b"s3cret"),
    ],
)
def test_a_row_hides_its_secrets(row: Base) -> None:
    assert "s3cret" not in repr(row)


def test_no_table_lists_a_secret_as_safe() -> None:
    for mapper in Base.registry.mappers:
        shown = set(mapper.class_.shown)
        assert shown <= set(mapper.columns.keys())
        assert not shown & SECRET_COLUMNS, mapper.class_
