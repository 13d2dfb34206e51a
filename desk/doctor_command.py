"""`relay doctor`: whether the relay can do its work, and what to do where it cannot."""

from typing import Final

import typer

from desk.console import AsJson, Desk, connected
from desk.problems import Exit
from desk.words import moment

STYLES: Final = {"ok": "green", "warning": "yellow", "fault": "red"}


@connected
def doctor(desk: Desk, *, as_json: AsJson = False) -> None:
    """Check whether the relay can do its work: its secret, ARM, its table, its topic, its poller and its parameters.

    Ends with 1 where something does not work. The relay checks every five minutes, so wait so long after a repair.
    """
    health = desk.relay.health()
    if as_json:
        desk.print_json(health)
    else:
        desk.print("ok       These AWS credentials let you in, and the operators' API answers.", style="green")
        for check in health["checks"]:
            style = STYLES.get(check["status"], "")
            desk.print(f"{check['status']:8} {check['check']}: {check['detail']}", style=style)
            if check["status"] != "ok":
                desk.print(f"         What to do: {check['runbook']}")
        desk.print(f"Checked last at {moment(health['checkedAt'])} ({desk.zone()}).")
    if health["status"] == "fault":
        raise typer.Exit(Exit.WRONG)
