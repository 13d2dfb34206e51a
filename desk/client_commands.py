"""`relay clients ...`: who may send orders. Their signing secrets are in the stack's secret in Secrets Manager."""

import secrets
import sys
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer

from desk.aws_problems import in_words
from desk.client_secrets import (
    LENGTH,
    ClientSecrets,
    Content,
    added,
    client_of,
    clients,
    fingerprint_of,
    last_end,
    new_secret,
    place_of,
    revoked,
    rotated,
)
from desk.console import AsJson, Desk, DryRun, Yes, connected
from desk.problems import Problem
from desk.signing_log import LastSigned, Place, last_signed
from desk.stack_secret import MaybeWritten, StackSecret
from desk.words import NOTHING, count, moment

client_commands = typer.Typer(
    name="clients", help="Who may send orders, and the secrets that sign them.", no_args_is_help=True
)

#: How far back the log is read for the last use of a secret, in days.
DAYS: Final = 7

#: The most days that an option takes: ten years.
MOST_DAYS: Final = 3650

#: When a change takes effect everywhere.
SOON: Final = "It takes effect within five minutes."

ClientNo = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's number in ARM.")]


@client_commands.command("list", epilog="Example: relay clients list --sandbox")
@connected
def list_clients(
    desk: Desk,
    *,
    days: Annotated[
        int, typer.Option("--days", min=0, max=MOST_DAYS, help="How far back to look for the last signature.")
    ] = DAYS,
    as_json: AsJson = False,
) -> None:
    """List the clients, their signing secrets by their places, and when each last signed. No secret is shown."""
    found = clients(_secret(desk).content)
    signed = _last_signed(desk, found, days)
    rows = [row for client in found for row in _rows(client, signed, desk.now())]
    if as_json:
        desk.print_json({"clients": rows, "readLogSince": signed.since.isoformat() if signed else None})
        return
    desk.table(
        ("client", "place", "fingerprint", f"added ({desk.zone()})", "ends", "last signed", "may sign"),
        [_shown(row, signed) for row in rows],
    )


@client_commands.command(epilog="Example: relay clients add 2219")
@connected
def add(desk: Desk, client_no: ClientNo, *, yes: Yes = False, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Let a client send orders. Its signing secret is made, and shown once."""
    secret, signing = _secret(desk), new_secret(secrets.token_bytes(LENGTH))
    content = added(secret.content, client_no, signing, desk.now())
    if dry_run:
        desk.print(f"Client {client_no} would be added.")
        return
    desk.confirm(f"Let client {client_no} send orders to {desk.connection.name}?", yes=yes)
    _put_and_hand_over(desk, secret, content, client_no, signing, as_json=as_json)


@client_commands.command(epilog="Example: relay clients rotate 2218 --old-ends-in 14")
@connected
def rotate(
    desk: Desk,
    client_no: ClientNo,
    *,
    old_ends_in: Annotated[
        int | None,
        typer.Option(
            "--old-ends-in", min=1, max=MOST_DAYS, metavar="DAYS", help="The old ones stop signing by themselves."
        ),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a client one more signing secret, shown once. The old ones sign too, until they end or are revoked."""
    secret, signing, now = _secret(desk), new_secret(secrets.token_bytes(LENGTH)), desk.now()
    until = now + timedelta(days=old_ends_in) if old_ends_in else None
    content = rotated(secret.content, client_no, signing, now, until)
    old = len(client_of(secret.content, client_no).signing(now))
    what = f"Client {client_no} gets one more secret; {count(old, 'old one signs', 'old ones sign')} too, "
    what += f"until {moment(until.isoformat())}" if until else "until you revoke them"
    if dry_run:
        desk.print(what)
        return
    desk.confirm(f"{what}. Go on?", yes=yes)
    _put_and_hand_over(desk, secret, content, client_no, signing, as_json=as_json)
    if not until:
        desk.note(
            "When the sender has it: look with `relay clients list` whether the old one still signs, then revoke it."
        )


@client_commands.command(epilog="Example: relay clients revoke 2218 --place 1")
@connected
def revoke(
    desk: Desk,
    client_no: ClientNo,
    *,
    place: Annotated[int | None, typer.Option("--place", help="Which one, as `relay clients list` counts.")] = None,
    fingerprint: Annotated[
        str | None,
        typer.Option("--fingerprint", help="Which one, as `relay clients list` says. With --yes, as places change."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them: the client can send nothing any more.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Remove a signing secret of a client. What it signs is then refused. It cannot be undone."""
    if [place is not None, fingerprint is not None, every].count(True) != 1:
        raise Problem("say which one: --place or --fingerprint, as `relay clients list` has them; or --all")
    if place is not None and yes and not dry_run:
        raise Problem(
            "--yes does not go with --place, where another secret may be by now: name the secret itself with"
            " --fingerprint, as `relay clients list` has it"
        )
    secret, now = _secret(desk), desk.now()
    client = client_of(secret.content, client_no)
    if fingerprint is not None:
        place = place_of(client, fingerprint)
    content = revoked(secret.content, client_no, place, now)
    what = f"every signing secret of client {client_no}"
    if place is not None:
        what = f"signing secret {place} of client {client_no} ({_described(desk, client, place)})"
    end = last_end(client_of(content, client_no), now)
    after = f"After that the client can sign until {moment(end.isoformat())} only, unless you rotate." if end else ""
    if dry_run:
        desk.print(" ".join(filter(None, (f"This would be removed: {what}.", after))))
        return
    if yes and after:
        desk.note(after)
    desk.confirm(" ".join(filter(None, (after, f"Remove for ever {what}?"))), yes=yes)
    _put(desk, secret, content)
    desk.print(f"Removed: {what}. {SOON}")


def _described(desk: Desk, client: ClientSecrets, place: int) -> str:
    """What tells a secret from the others, without showing it."""
    try:
        signed = _last_signed(desk, [client], DAYS)
    except Problem as problem:
        # A leaked secret must go, whether the log can be read or not.
        desk.note(f"When it signed last is not known: {problem}")
        signed = None
    (row,) = [row for row in _rows(client, signed, desk.now()) if row["place"] == place]
    added_at, not_after = moment(row["addedAt"]), moment(row["notAfter"])
    last = _last_of(row, signed)
    return f"fingerprint {row['fingerprint']}, added {added_at}, ends {not_after}, last signed {last}"


def _secret(desk: Desk) -> StackSecret:
    connection = desk.connection
    if connection.secret_arn is None:
        raise Problem(f"the stack {connection.name} has no output SecretArn")
    service: Any = connection.session().client("secretsmanager", endpoint_url=connection.endpoint_url)
    return StackSecret(service, connection.secret_arn, f"desk-{secrets.token_hex(8)}")


def _put(desk: Desk, secret: StackSecret, content: Content) -> None:
    # What cannot be shown shall not be made: a full disk or a closed pipe is noticed before.
    sys.stdout.flush()
    if told := secret.put(content):
        desk.note(told)


def _put_and_hand_over(
    desk: Desk, secret: StackSecret, content: Content, client_no: str, signing: str, *, as_json: bool
) -> None:
    try:
        _put(desk, secret, content)
    except MaybeWritten:
        _hand_over(desk, client_no, signing, as_json=as_json)
        raise
    _hand_over(desk, client_no, signing, as_json=as_json)


def _hand_over(desk: Desk, client_no: str, signing: str, *, as_json: bool) -> None:
    try:
        if as_json:
            desk.print_json({"clientNo": client_no, "signingSecret": signing})
        else:
            desk.print(signing)
        sys.stdout.flush()
    except OSError as error:
        # It is written, and nobody can read it again.
        desk.note(f"The secret is written, but could not be printed where it belongs: {error}. Here it is: {signing}")
    desk.note(f"Give this to the sender of client {client_no} by a safe way. It is not shown again. {SOON}")


def _last_signed(desk: Desk, found: list[ClientSecrets], days: int) -> LastSigned | None:
    group = desk.connection.webhook_log_group
    if not group or not days:
        return None
    keys: dict[Place, Any] = {(each.client_no, key.position): key for each in found for key in each.keys}
    connection = desk.connection
    with (
        desk.beside.status("reading the log"),
        in_words("read the log of the function for senders", "logs:FilterLogEvents"),
    ):
        logs = connection.session().client("logs", endpoint_url=connection.endpoint_url)
        return last_signed(logs, group, keys, desk.now(), days)


def _rows(client: ClientSecrets, signed: LastSigned | None, now: datetime) -> list[dict[str, Any]]:
    if client.fault or not client.keys:
        remark = client.fault or "it has no signing secret"
        return [{"clientNo": client.client_no, "place": None, "maySign": False, "remark": remark}]
    signing = client.signing(now)
    return [
        {
            "clientNo": client.client_no,
            "place": key.position,
            "fingerprint": fingerprint_of(key),
            "addedAt": key.added_at.isoformat() if key.added_at else None,
            "notAfter": key.not_after.isoformat() if key.not_after else None,
            "lastSignedAt": at.isoformat()
            if signed and (at := signed.at.get((client.client_no, key.position)))
            else None,
            "maySign": key in signing,
            "remark": "another client has it, too" if key.position in client.shared else None,
        }
        for key in client.keys
    ]


def _last_of(row: dict[str, Any], signed: LastSigned | None) -> str:
    if at := row.get("lastSignedAt"):
        return moment(at)
    return f"not seen since {moment(signed.since.isoformat())}" if signed else "not looked for"


def _shown(row: dict[str, Any], signed: LastSigned | None) -> tuple[str, ...]:
    may = "yes" if row["maySign"] else "no"
    return (
        row["clientNo"],
        str(row["place"] or NOTHING),
        row.get("fingerprint") or NOTHING,
        moment(row.get("addedAt")),
        moment(row.get("notAfter")),
        _last_of(row, signed) if row["place"] else NOTHING,
        f"{may}: {row['remark']}" if row["remark"] else may,
    )
