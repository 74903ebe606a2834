"""The usual shop: FastAPI, SQLAlchemy, and the stock in a row that each purchase locks.

Careful in what matters: the idempotency key is looked up first and UNIQUE besides, the row lock is
held only for the three statements that need it, prices come from the row, everything commits in
one transaction, connections are pooled, the token is verified. Tables are made at the start.
"""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import jwt
from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import BigInteger, DateTime, ForeignKey, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SECRET_KEY = os.environ["SECRET_KEY"]
HOLD_TTL = timedelta(minutes=5)
# Few buyers at a time get at one hot row anyway; more connections only queue inside Postgres.
engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=20, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    """Tables of this peer alone."""


class Product(Base):
    """`stock` is what the lock protects."""

    __tablename__ = "products"

    id: Mapped[int] = mapped_column(primary_key=True)
    price_minor: Mapped[int]
    stock: Mapped[int]


class Order(Base):
    """A hold, unpaid."""

    __tablename__ = "orders"
    __table_args__ = (UniqueConstraint("user_id", "idempotency_key"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    idempotency_key: Mapped[str]
    status: Mapped[str]
    total_minor: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class OrderLine(Base):
    """One product of an order."""

    __tablename__ = "order_lines"

    order_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]


class PlaceOrder(BaseModel):
    """The body of a purchase."""

    product_id: int
    quantity: Annotated[int, Field(ge=1, le=10)]


class Placed(BaseModel):
    """The order, as our gateway answers it, less the lines."""

    id: uuid.UUID
    status: str
    total_minor: int
    expires_at: datetime


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Make the tables and one product."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with sessions.begin() as session:
        await session.merge(Product(id=1, price_minor=1_999, stock=1_000_000))
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.post("/orders", status_code=201)
async def place_order(
    body: PlaceOrder,
    authorization: Annotated[str, Header()],
    idempotency_key: Annotated[str, Header()],
) -> Placed:
    """Take stock under the row's lock."""
    user_id = _user_of(authorization)
    async with sessions.begin() as session:
        known = await session.scalar(
            select(Order).where(Order.user_id == user_id, Order.idempotency_key == idempotency_key)
        )
        order = known or await _take(session, user_id, idempotency_key, body)
    return Placed(
        id=order.id,
        status=order.status,
        total_minor=order.total_minor,
        expires_at=order.expires_at,
    )


async def _take(session: AsyncSession, user_id: int, key: str, body: PlaceOrder) -> Order:
    product = await session.scalar(
        select(Product).where(Product.id == body.product_id).with_for_update()
    )
    if product is None:
        raise HTTPException(404, "not_found")
    if product.stock < body.quantity:
        raise HTTPException(409, "sold_out")
    product.stock -= body.quantity
    now = datetime.now(UTC)
    order = Order(
        id=uuid.uuid4(),
        user_id=user_id,
        idempotency_key=key,
        status="PENDING",
        total_minor=product.price_minor * body.quantity,
        created_at=now,
        expires_at=now + HOLD_TTL,
    )
    session.add(order)
    await session.flush()
    session.add(
        OrderLine(
            order_id=order.id,
            product_id=product.id,
            quantity=body.quantity,
            unit_price_minor=product.price_minor,
        )
    )
    return order


def _user_of(authorization: str) -> int:
    scheme, _, token = authorization.partition(" ")
    try:
        claims = jwt.decode(token, SECRET_KEY, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401, "unauthenticated") from None
    if scheme != "Bearer":
        raise HTTPException(401, "unauthenticated")
    return int(claims["sub"])
