"""The commands of `relay`, and their help."""

import typer

from desk.batch_commands import batch, batches, held
from desk.client_commands import client_commands
from desk.console import Profile, Region, Sandbox, Stack, chosen_by
from desk.contract_commands import contract
from desk.doctor_command import doctor
from desk.order_commands import orders
from desk.page.command import desk
from desk.probe_command import probe
from desk.redrive_commands import announce, close, redrives, release, resubmit, retry
from desk.report_command import report
from desk.sender_commands import results, send

app = typer.Typer(
    name="relay",
    help="The desk of ARM Relay: commands for operators, and for whoever sets the relay up.",
    epilog="Exit codes: 0 all is well; 1 what was checked is wrong, or was not found; 2 the command could not do its"
    " work. `relay COMMAND --help` has an example of each.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def relay(
    ctx: typer.Context, *, stack: Stack = None, profile: Profile = None, region: Region = None, sandbox: Sandbox = False
) -> None:
    """Keep what the line says before the command's name of the relay that is meant."""
    ctx.obj = chosen_by(stack=stack, profile=profile, region=region, sandbox=sandbox)


WHAT_HAPPENED = "What happened"
WHAT_TO_DO = "What to do about it"
FOR_SENDERS = "For senders and readers"
SETTING_UP = "Setting up"

app.add_typer(orders, rich_help_panel=WHAT_HAPPENED)
for command, panel, example in (
    (report, WHAT_HAPPENED, "relay report yesterday --csv --sandbox"),
    (batches, WHAT_HAPPENED, "relay batches --state failed --sandbox"),
    (batch, WHAT_HAPPENED, "relay batch 7c2f8a0e-6d1b-4e0a-9a53-0f2c1b7d9e44 --sandbox"),
    (desk, WHAT_HAPPENED, "relay desk --sandbox"),
    (held, WHAT_TO_DO, "relay held --sandbox"),
    (release, WHAT_TO_DO, 'relay release --cause "still QUEUED after HoldAfterSeconds" --dry-run --sandbox'),
    (retry, WHAT_TO_DO, 'relay retry --reason "the customer exists now" --dry-run --sandbox'),
    (announce, WHAT_TO_DO, "relay announce --claimed-after 2025-11-20T00:00:00Z --dry-run --sandbox"),
    (resubmit, WHAT_TO_DO, 'relay resubmit 7c2f8a0e-6d1b-4e0a-9a53-0f2c1b7d9e44 --reason "ARM has none of it"'),
    (close, WHAT_TO_DO, "relay close 7c2f8a0e-6d1b-4e0a-9a53-0f2c1b7d9e44 --status SUCCEEDED"),
    (send, FOR_SENDERS, "relay send events/orders/minimal.json --sandbox"),
    (results, FOR_SENDERS, "relay results --follow --sandbox"),
    (doctor, SETTING_UP, "relay doctor --sandbox"),
    (probe, SETTING_UP, "relay probe --sandbox"),
):
    app.command(epilog=f"Example: {example}", rich_help_panel=panel)(command)
app.add_typer(redrives, rich_help_panel=WHAT_TO_DO)
app.add_typer(client_commands, rich_help_panel=SETTING_UP)
app.add_typer(contract, rich_help_panel=SETTING_UP)
