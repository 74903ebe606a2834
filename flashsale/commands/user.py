"""`flashsale user`: people."""

import rich_click as click

from flashsale.commands.quiet import log_to_stderr


@click.group()
def user() -> None:
    """People."""


@user.command("create-admin")
@click.argument("email")
@click.password_option(
    envvar="FLASHSALE_ADMIN_PASSWORD",
    help="Asked for when not given; or in FLASHSALE_ADMIN_PASSWORD.",
)
def create_admin(email: str, password: str) -> None:
    """Make an admin of EMAIL. Who has an account already is promoted and keeps the password."""
    import asyncio

    from flashsale.environment import read_database
    from flashsale.variables import read_variables
    from migrations.settings import DatabaseSettings

    settings = read_database(read_variables())

    async def create(settings: DatabaseSettings) -> int:
        from gateway.accounts.create_admin import create_admin as make
        from migrations.engine import open_engine

        engine = open_engine(settings)
        try:
            return await make(engine, email, password)
        finally:
            await engine.dispose()

    log_to_stderr()
    user_id = asyncio.run(create(settings))
    click.echo(f"{email} is an admin (user {user_id})")
