"""`relay release`, `retry`, `announce`, `resubmit`, `close` and `relay redrives ...`: what a person decides."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, cast

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from desk.answers import BulkAction, BulkRedrive, Filter, Plan
from desk.batch_commands import BatchId, Cause, batch_of, show_batch, show_totals
from desk.console import AsJson, Client, Desk, DryRun, Reason, Yes, connected
from desk.problems import Exit, NotFound, Problem
from desk.words import NOTHING, check_time, count, moment

redrives = typer.Typer(name="redrives", help="Releases and retries of many batches.", no_args_is_help=True)

#: How often a bulk redrive is asked how far it is, in seconds. The poller goes on with it once a minute.
PAUSE: Final = 2.0

#: How many orders are named that a person should look for in ARM.
NAMED: Final = 5

OneBatch = Annotated[
    str | None, typer.Argument(metavar="BATCH", help="One batch's id; without it, all that the options pick.")
]
After = Annotated[str | None, typer.Option(metavar="TIME", help="Such as 2025-11-26T00:00:00Z.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until all have been touched.")]
RedriveId = Annotated[str, typer.Argument(metavar="REDRIVE", help="The id that release, retry or announce printed.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a redrive is made."""

    dry_run: bool
    yes: bool
    wait: bool
    as_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What is done, to which batches, and why."""

    action: BulkAction
    #: One batch; None where the filter picks them.
    batch_id: str | None
    client: str | None
    wanted: Filter
    reason: str | None


@connected
def release(
    desk: Desk,
    batch_id: OneBatch = None,
    *,
    cause: Cause = None,
    client: Client = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Let the relay find out about held batches. This is safe: it asks ARM, and acts by its own rules.

    What ARM certainly does not have is submitted; nothing else is sent again before ARM's ledger has been asked.
    """
    wanted = _filter(clientNo=client, cause=cause)
    meant = Meant(action="ask", batch_id=batch_id, client=client, wanted=wanted, reason=reason)
    _redrive(desk, meant, How(dry_run=dry_run, yes=yes, wait=wait, as_json=as_json))


@connected
def retry(
    desk: Desk,
    batch_id: OneBatch = None,
    *,
    cause: Cause = None,
    status: Annotated[
        Literal["PARTIALLY_FAILED", "FAILED", "REFUSED"] | None, typer.Option("--status", help="Only this status.")
    ] = None,
    client: Client = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Send the failed orders of batches again, unchanged, as new batches.

    For orders that are right: for example, the customer was missing in ARM and now is not. A wrong order must be
    corrected by its sender.
    """
    wanted = _filter(clientNo=client, cause=cause, status=status)
    meant = Meant(action="retry", batch_id=batch_id, client=client, wanted=wanted, reason=reason)
    _redrive(desk, meant, How(dry_run=dry_run, yes=yes, wait=wait, as_json=as_json))


@connected
def announce(
    desk: Desk,
    batch_id: OneBatch = None,
    *,
    claimed_after: After = None,
    ended_after: After = None,
    ended_before: After = None,
    client: Client = None,
    reason: Reason = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    wait: Wait = True,
    as_json: AsJson = False,
) -> None:
    """Publish the end or hold of batches once more, word for word, for a subscriber that has lost it.

    Many at once need --claimed-after: choose it some days before the lost time, and the lost time by --ended-after and
    --ended-before.
    """
    if batch_id is None and claimed_after is None:
        raise Problem("name a batch, or say with --claimed-after since when the batches were accepted")
    for option, text in (
        ("--claimed-after", claimed_after),
        ("--ended-after", ended_after),
        ("--ended-before", ended_before),
    ):
        check_time(option, text)
    wanted = _filter(clientNo=client, claimedAfter=claimed_after, endedAfter=ended_after, endedBefore=ended_before)
    meant = Meant(action="announce", batch_id=batch_id, client=client, wanted=wanted, reason=reason)
    _redrive(desk, meant, How(dry_run=dry_run, yes=yes, wait=wait, as_json=as_json))


@connected
def resubmit(
    desk: Desk,
    batch_id: BatchId,
    *,
    may_be_billed_twice: Annotated[
        bool, typer.Option("--may-be-billed-twice", help="ARM may have it: you have looked, and it has not.")
    ] = False,
    client: Client = None,
    reason: Reason = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Submit a held batch again on your own word, without asking ARM. `relay release` is the safe way.

    Where ARM may have the batch, the relay refuses unless you say that it may be billed twice.
    """
    found = batch_of(desk, batch_id, client)
    if found["status"] == "HELD" and not found["certainlyNotInArm"] and not may_be_billed_twice:
        numbers = ", ".join(order["documentNo"] or order["id"] for order in found["orders"][:NAMED])
        raise Problem(
            f"ARM may have the batch already, and would bill its orders twice. Look for {numbers} in ARM, or let the"
            f" relay look: relay release {batch_id}. If ARM has none of them and will not get them later, add"
            " --may-be-billed-twice"
        )
    why = desk.reason(reason)
    twice = " ARM MAY HAVE IT ALREADY: then its customers are billed twice." if may_be_billed_twice else ""
    desk.confirm(
        f"Submit {count(len(found['orders']), 'order')} to ARM again, without asking it?{twice}{_of_sandbox(desk)}",
        yes=yes,
    )
    answer = desk.relay.redrive(found["clientNo"], batch_id, "resubmit", why, may_be_billed_twice=may_be_billed_twice)
    desk.print_json(answer) if as_json else show_batch(desk, answer)


@connected
def close(
    desk: Desk,
    batch_id: BatchId,
    *,
    status: Annotated[Literal["SUCCEEDED", "FAILED"], typer.Option("--status", help="How it ended, as you found out.")],
    client: Client = None,
    reason: Reason = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """End a held batch, because you have found out in ARM how it ended. It cannot be undone."""
    found = batch_of(desk, batch_id, client)
    why = desk.reason(reason)
    desk.confirm(f"Say for good that {count(len(found['orders']), 'order')} ended as {status}?", yes=yes)
    answer = desk.relay.redrive(found["clientNo"], batch_id, "close", why, status=status)
    desk.print_json(answer) if as_json else show_batch(desk, answer)


@redrives.command(epilog="Example: relay redrives show 0f8f7a52-1f4e-4c55-b1cd-f7f3a0b9d1e2 --wait")
@connected
def show(desk: Desk, redrive_id: RedriveId, *, wait: Wait = False, as_json: AsJson = False) -> None:
    """Show how far a release or a retry of many batches is."""
    redrive = desk.relay.redrive_progress(redrive_id)
    _conclude(desk, _awaited(desk, redrive) if wait else redrive, as_json=as_json)


@redrives.command(epilog="Example: relay redrives stop 0f8f7a52-1f4e-4c55-b1cd-f7f3a0b9d1e2")
@connected
def stop(desk: Desk, redrive_id: RedriveId, *, as_json: AsJson = False) -> None:
    """Stop it. What the relay has in hand at this moment may still be touched."""
    _conclude(desk, desk.relay.stop_redrive(redrive_id), as_json=as_json)


#: What happens to each batch, for the question that is asked before.
DONE_TO_EACH: Final = {
    "ask": "Let the relay find out about",
    "retry": "Send again what failed in",
    "announce": "Announce once more",
}


def _filter(**wanted: str | None) -> Filter:
    return cast("Filter", {name: value for name, value in wanted.items() if value is not None})


def _redrive(desk: Desk, meant: Meant, how: How) -> None:
    if meant.batch_id is not None:
        _redrive_one(desk, meant, meant.batch_id, how)
    else:
        _redrive_many(desk, meant, how)


def _of_sandbox(desk: Desk) -> str:
    """What a person may forget who works with the sandbox."""
    outside = desk.is_sandbox and not desk.connection.has_simulator
    return " This sandbox uses an ARM outside: there it is billed." if outside else ""


def _redrive_one(desk: Desk, meant: Meant, batch_id: str, how: How) -> None:
    if any(name != "clientNo" for name in meant.wanted):
        raise Problem("name one batch, or pick several by options: not both")
    found = batch_of(desk, batch_id, meant.client)
    if how.dry_run:
        desk.print_json(found) if how.as_json else show_batch(desk, found)
        return
    why = desk.reason(meant.reason)
    desk.confirm(
        f"{DONE_TO_EACH[meant.action]} this batch of {count(len(found['orders']), 'order')}?{_of_sandbox(desk)}",
        yes=how.yes,
    )
    answer = desk.relay.redrive(found["clientNo"], batch_id, meant.action, why)
    desk.print_json(answer) if how.as_json else show_batch(desk, answer)


def _redrive_many(desk: Desk, meant: Meant, how: How) -> None:
    # A dry run needs a reason, too, for the relay; nothing keeps it.
    why = meant.reason or "dry run" if how.dry_run else desk.reason(meant.reason)
    plan = desk.relay.plan(meant.action, why, meant.wanted)
    if not (how.as_json and not how.dry_run):
        _show_plan(desk, plan, as_json=how.as_json)
    if how.dry_run and (plan["batches"] or "cause" not in meant.wanted):
        return
    if not plan["batches"]:
        raise NotFound("no batch matches; `relay held` and `relay batches --state failed` list the causes")
    desk.confirm(
        f"{DONE_TO_EACH[meant.action]} {count(plan['batches'], 'batch', 'batches')}?{_of_sandbox(desk)}", yes=how.yes
    )
    begun = desk.relay.bulk_redrive(plan, why, meant.wanted)
    _conclude(desk, _awaited(desk, begun) if how.wait else begun, as_json=how.as_json)


def _show_plan(desk: Desk, plan: Plan, *, as_json: bool) -> None:
    if as_json:
        desk.print_json(plan)
        return
    show_totals(desk, plan, "batch", "batches")
    if plan["refused"]:
        desk.print(f"{plan['refused']} of them cannot be touched in this way, as they are now.")


def _awaited(desk: Desk, begun: BulkRedrive) -> BulkRedrive:
    """The redrive once it has touched all, with its progress shown meanwhile."""
    desk.note(f"The relay goes on with it by itself; Ctrl-C ends only the waiting. Its id is {begun['redriveId']}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    redrive = begun
    with Progress(*columns, console=desk.beside, transient=True) as progress:
        task = progress.add_task("touched", total=redrive["batches"])
        while redrive["status"] == "RUNNING" or redrive["inHand"]:
            desk.sleep(PAUSE)
            redrive = desk.relay.redrive_progress(redrive["redriveId"])
            progress.update(task, completed=redrive["done"] + redrive["refused"])
    return redrive


def _conclude(desk: Desk, redrive: BulkRedrive, *, as_json: bool) -> None:
    if as_json:
        desk.print_json(redrive)
    else:
        _show(desk, redrive)
    if redrive["refused"]:
        raise typer.Exit(Exit.WRONG)


def _show(desk: Desk, redrive: BulkRedrive) -> None:
    desk.print(f"Redrive {redrive['redriveId']}: {redrive['status']}", style="bold")
    desk.table(
        ("touched", "refused", "in hand", "left", f"begun ({desk.zone()})", "ended", "by", "reason"),
        [
            (
                *(str(redrive[name]) for name in ("done", "refused", "inHand", "left")),
                moment(redrive["createdAt"]),
                moment(redrive["endedAt"]),
                redrive["by"] or NOTHING,
                redrive["reason"],
            )
        ],
    )
    for refusal in redrive["refusals"]:
        desk.print(f"Refused {refusal['batchId']}: {refusal['reason']}")
    if redrive["status"] == "RUNNING":
        desk.print(f"See how far it is: relay redrives show {redrive['redriveId']}")
        desk.print(f"Stop it: relay redrives stop {redrive['redriveId']}")
