"""The console script. A command's module is imported when the command is asked for, so that the
start stays light however much the engine grows; the modules import what is heavy inside."""

import importlib
import sys
from typing import Final

import rich_click as click

from flashsale.commands.failures import explain

COMMANDS: Final = {
    "up": "flashsale.commands.up:up",
    "run": "flashsale.commands.run:run",
    "demo": "flashsale.commands.demo:demo",
    "gateway": "flashsale.commands.gateway:gateway",
    "worker": "flashsale.commands.worker:worker",
    "migrate": "flashsale.commands.migrate:migrate",
    "sale": "flashsale.commands.sale:sale",
    "user": "flashsale.commands.user:user",
    "verify": "flashsale.commands.verify:verify",
    "recover": "flashsale.commands.recover:recover",
    "config": "flashsale.commands.config:config",
}
"""Name -> where its command is; in the order of the help."""


class LazyGroup(click.RichGroup):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names in the order of `COMMANDS`."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flashsale", prog_name="flashsale")
def cli() -> None:
    """A flash-sale engine that never oversells and never loses money.

    Exit codes: 0 done; 1 refused, failed, or a promise is broken; 2 wrong usage or settings;
    3 a server cannot be reached.
    """


def main() -> None:
    """Run the command line; what went wrong in a known way is told without a trace."""
    try:
        cli()
    except Exception as failure:
        told = explain(failure)
        if told is None:
            raise
        click.echo(f"{click.style('error:', fg='red', bold=True)} {told.message}", err=True)
        if told.hint:
            click.echo(f"{click.style('hint:', fg='cyan', bold=True)} {told.hint}", err=True)
        sys.exit(told.exit_code)


if __name__ == "__main__":
    main()
