"""The commands of `relay`, and their help."""

import typer

from desk.contract_commands import contract
from desk.page.command import desk
from desk.probe_command import probe

app = typer.Typer(
    name="relay",
    help="The desk of ARM Relay: commands for operators, and for whoever sets the relay up.",
    epilog="Exit codes: 0 all is well, 1 what was checked is wrong, 2 the command could not do its work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(contract)
app.command(epilog="Example: relay probe --sandbox")(probe)
app.command(epilog="Example: relay desk --sandbox")(desk)


@app.callback()
def relay() -> None:
    """Make `relay` a group, however few commands it has."""
