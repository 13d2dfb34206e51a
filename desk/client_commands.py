"""`relay clients ...`: who may send orders. Their signing secrets are in the stack's secret in Secrets Manager."""

import json
import secrets
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
    new_secret,
    parsed,
    revoked,
    rotated,
)
from desk.console import AsJson, Desk, DryRun, Yes, connected
from desk.problems import Problem
from desk.signing_log import LastSigned, Place, last_signed
from desk.words import NOTHING, count, moment

client_commands = typer.Typer(
    name="clients", help="Who may send orders, and the secrets that sign them.", no_args_is_help=True
)

#: How far back the log is read for the last use of a secret, in days.
DAYS: Final = 7

#: When a change takes effect everywhere.
SOON: Final = "It takes effect within five minutes."

ClientNo = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's number in ARM.")]


@client_commands.command("list", epilog="Example: relay clients list --sandbox")
@connected
def list_clients(
    desk: Desk,
    *,
    days: Annotated[int, typer.Option("--days", min=0, help="How far back to look for the last signature.")] = DAYS,
    as_json: AsJson = False,
) -> None:
    """List the clients, their signing secrets by their places, and when each last signed. No secret is shown."""
    found = clients(_Secret(desk).content)
    signed = _last_signed(desk, found, days)
    rows = [row for client in found for row in _rows(client, signed, desk.now())]
    if as_json:
        desk.print_json({"clients": rows, "readLogSince": signed.since.isoformat() if signed else None})
        return
    desk.table(
        ("client", "place", f"added ({desk.zone()})", "ends", "last signed", "may sign"),
        [_shown(row, signed) for row in rows],
    )


@client_commands.command(epilog="Example: relay clients add 2219")
@connected
def add(desk: Desk, client_no: ClientNo, *, yes: Yes = False, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Let a client send orders. Its signing secret is made, and shown once."""
    secret, signing = _Secret(desk), new_secret(secrets.token_bytes(LENGTH))
    content = added(secret.content, client_no, signing, desk.now())
    if dry_run:
        desk.print(f"Client {client_no} would be added.")
        return
    desk.confirm(f"Let client {client_no} send orders to {desk.connection.name}?", yes=yes)
    secret.put(content)
    _hand_over(desk, client_no, signing, as_json=as_json)


@client_commands.command(epilog="Example: relay clients rotate 2218 --old-ends-in 14")
@connected
def rotate(
    desk: Desk,
    client_no: ClientNo,
    *,
    old_ends_in: Annotated[
        int | None,
        typer.Option("--old-ends-in", min=1, metavar="DAYS", help="The old ones stop signing by themselves."),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give a client one more signing secret, shown once. The old ones sign too, until they end or are revoked."""
    secret, signing, now = _Secret(desk), new_secret(secrets.token_bytes(LENGTH)), desk.now()
    until = now + timedelta(days=old_ends_in) if old_ends_in else None
    content = rotated(secret.content, client_no, signing, now, until)
    old = len(client_of(secret.content, client_no).signing(now))
    what = f"Client {client_no} gets one more secret; {count(old, 'old one signs', 'old ones sign')} too, "
    what += f"until {moment(until.isoformat())}" if until else "until you revoke them"
    if dry_run:
        desk.print(what)
        return
    desk.confirm(f"{what}. Go on?", yes=yes)
    secret.put(content)
    _hand_over(desk, client_no, signing, as_json=as_json)
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
    every: Annotated[bool, typer.Option("--all", help="All of them: the client can send nothing any more.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Remove a signing secret of a client. What it signs is then refused. It cannot be undone."""
    if (place is None) != every:
        raise Problem("say which one: --place NUMBER, as `relay clients list` counts; or --all")
    secret = _Secret(desk)
    content = revoked(secret.content, client_no, None if every else place, desk.now())
    what = f"every signing secret of client {client_no}" if every else f"signing secret {place} of client {client_no}"
    if dry_run:
        desk.print(f"This would be removed: {what}.")
        return
    desk.confirm(f"Remove for ever {what}?", yes=yes)
    secret.put(content)
    desk.print(f"Removed: {what}. {SOON}")


class _Secret:
    """The stack's secret in Secrets Manager."""

    def __init__(self, desk: Desk) -> None:
        """Read it.

        Raises:
            Problem: it cannot be read, or has no value yet.
        """
        connection = desk.connection
        if connection.secret_arn is None:
            raise Problem(f"the stack {connection.name} has no output SecretArn")
        self._arn = connection.secret_arn
        with in_words("read the relay's secret", "secretsmanager:GetSecretValue"):
            self._service = connection.session().client("secretsmanager", endpoint_url=connection.endpoint_url)
            answer = self._service.get_secret_value(SecretId=self._arn)
        self._version = answer["VersionId"]
        self.content: Final[Content] = parsed(answer["SecretString"])

    def put(self, content: Content) -> None:
        """Write it, and see that nobody has written it since it was read.

        Raises:
            Problem: it could not be written; or somebody else wrote it at the same time.
        """
        with in_words("write the relay's secret", "secretsmanager:PutSecretValue"):
            self._service.put_secret_value(SecretId=self._arn, SecretString=json.dumps(content))
        with in_words("see who wrote the relay's secret", "secretsmanager:DescribeSecret"):
            stages = self._service.describe_secret(SecretId=self._arn)["VersionIdsToStages"]
        if "AWSPREVIOUS" not in stages.get(self._version, ()):
            raise Problem(
                "somebody else changed the secret at the same moment, and that change is lost; its versions in Secrets"
                " Manager still have it. Make the change again"
            )


def _hand_over(desk: Desk, client_no: str, signing: str, *, as_json: bool) -> None:
    if as_json:
        desk.print_json({"clientNo": client_no, "signingSecret": signing})
    else:
        desk.print(signing)
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


def _shown(row: dict[str, Any], signed: LastSigned | None) -> tuple[str, ...]:
    if at := row.get("lastSignedAt"):
        last = moment(at)
    else:
        last = f"not seen since {moment(signed.since.isoformat())}" if signed else "not looked for"
    may = "yes" if row["maySign"] else "no"
    return (
        row["clientNo"],
        str(row["place"] or NOTHING),
        moment(row.get("addedAt")),
        moment(row.get("notAfter")),
        last if row["place"] else NOTHING,
        f"{may}: {row['remark']}" if row["remark"] else may,
    )
