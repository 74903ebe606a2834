"""`flashsale config check`: every setting in force, and every wrong one."""

import sys

import rich_click as click


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def check(*, as_json: bool) -> None:
    """Print every value (secrets masked) and name every wrong one; exit 2 if there is one."""
    from flashsale.environment import describe

    variables = describe()
    wrong = [variable for variable in variables if variable.wrong]
    if as_json:
        import msgspec

        found = {"ok": not wrong, "settings": variables}
        click.echo(msgspec.json.encode(found).decode())
    else:
        from flashsale.commands.tables import print_settings

        print_settings(variables)
        for variable in wrong:
            click.secho(f"{variable.name} {variable.wrong}", fg="red", err=True)
    sys.exit(2 if wrong else 0)
