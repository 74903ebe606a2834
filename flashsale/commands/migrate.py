"""`flashsale migrate`: the schema of the database, up to date; `migrate check`: is it?"""

import rich_click as click

from flashsale.commands.failures import CommandFailed
from flashsale.commands.quiet import log_to_stderr


@click.group(invoke_without_command=True)
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database up to the newest schema; nothing happens if it is there."""
    if context.invoked_subcommand is not None:
        return
    from migrations.upgrade import current, upgrade

    log_to_stderr()
    url = _database_url()
    before = current(url)
    upgrade(url)
    after = current(url)
    told = f"at {after} already" if before == after else f"from {before or 'nothing'} to {after}"
    click.echo(f"schema: {told}")


@migrate.command()
def check() -> None:
    """Exit 1 unless the database has exactly the schema that this program was written for."""
    from migrations.revise import differences
    from migrations.upgrade import current, newest

    url = _database_url()
    found = current(url)
    if found != newest():
        raise CommandFailed(
            f"the database is at schema {found or 'none'}, this program needs {newest()}",
            "run `flashsale migrate`",
        )
    different = differences(url)
    if different:
        raise CommandFailed("the database differs from the models:\n  " + "\n  ".join(different))
    click.echo(f"schema: at {found}, as the models say")


def _database_url() -> str:
    from flashsale.environment import read_database
    from flashsale.variables import read_variables

    return read_database(read_variables()).url
