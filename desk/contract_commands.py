"""`relay contract ...`: the file that says how ARM words its answers."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from arm_relay.arm import contract_files
from arm_relay.arm.contract import Contract, WrongContract
from arm_relay.batches.batch import Answer
from rich.table import Table
from rich.text import Text

from desk.console import harmless_json, plain_console, shown
from desk.explanation import Explanation, explain, orders_of
from desk.gaps import Gaps, gaps_in, in_words
from desk.problems import Exit, Problem

contract = typer.Typer(
    name="contract", help="The file that says how ARM words its answers.", no_args_is_help=True, rich_markup_mode="rich"
)

LOWEST_STATUS = 100
HIGHEST_STATUS = 599

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
#: What a body may be long: ARM's answer about the largest batch is far shorter.
LARGEST = 10_000_000


@contract.command(epilog="Example: relay contract check my-contract.json")
def check(
    named: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A file, or the name of a contract that ships.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Check a contract as a function does when it starts. Ends with 1 where it is wrong, and names every fault."""
    try:
        found = Contract.of(named_document(named), named)
    except WrongContract as error:
        _say_wrong(error, as_json=as_json)
        raise typer.Exit(Exit.WRONG) from None
    if as_json:
        print(json.dumps({"contract": found.name, "isRight": True, "faults": []}))
        return
    known = len(found.words) + len(found.head_words) + len(found.entry_words)
    rest = f": {known} words, {len(found.codes)} codes, lists of entries in {', '.join(found.entry_lists) or 'none'}."
    plain_console().print(Text.assemble(shown(f"{named} is right", "green"), shown(rest)))


@contract.command(
    "explain", epilog="Example: relay contract explain answer.json --status 206 --orders 88776655,88776656"
)
def explain_answer(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="The body of ARM's answer; - reads standard input.")],
    *,
    status: Annotated[int, typer.Option(help="The HTTP status that it came with.")] = 200,
    orders: Annotated[str, typer.Option(help="How many orders the batch has, or their document numbers.")] = "1",
    named: Annotated[
        str, typer.Option("--contract", metavar="FILE|NAME", help="The contract to read with.")
    ] = "default",
    batch_uuid: Annotated[str | None, typer.Option(help="The batch's own id, to notice another one's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how an answer of ARM's about a batch is read, by which rule, and what speaks against it."""
    if not LOWEST_STATUS <= status <= HIGHEST_STATUS:
        raise Problem(f"{status} is not an HTTP status")
    try:
        document = named_document(named)
        found = Contract.of(document, named)
    except WrongContract as error:
        _say_wrong(error, as_json=as_json)
        raise typer.Exit(Exit.WRONG) from None
    answer = Answer(status, _text(file))
    those = orders_of(orders, answer.body, found)
    explained = explain(answer, those, found, batch_uuid)
    missing = gaps_in(answer, those, document, batch_uuid) if explained.is_undecided else Gaps()
    if as_json:
        told = explained.as_json() | {"missing": missing.as_json()}
        print(harmless_json(json.dumps(told, indent=2, ensure_ascii=False)))
    else:
        _show(explained, missing)


def named_document(named: str) -> dict[str, Any]:
    """The complete contract in a file, or the one that ships under this name.

    Raises:
        WrongContract: it is wrong.
        Problem: there is no such file.
    """
    path = Path(named)
    is_file = path.suffix == ".json" or path.exists()
    document = contract_files.parsed(_text(named), named) if is_file else contract_files.read(named)
    complete = contract_files.complete(document, named)
    return complete if isinstance(complete, dict) else {}


def _text(file: str) -> str:
    try:
        text = sys.stdin.buffer.read(LARGEST + 1) if file == "-" else Path(file).read_bytes()
        if len(text) > LARGEST:
            raise Problem(f"{file} is larger than {LARGEST} bytes")
        return text.decode("utf-8-sig")
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Problem(f"{file} is not UTF-8") from None


def _say_wrong(error: WrongContract, *, as_json: bool) -> None:
    if as_json:
        print(harmless_json(json.dumps({"isRight": False, "faults": error.faults}, ensure_ascii=False)))
        return
    console = plain_console(beside=True)
    console.print(shown("The contract is wrong:", "red"))
    for fault in error.faults:
        console.print(shown(f"  {fault}"))


def _show(explained: Explanation, missing: Gaps) -> None:
    console = plain_console(soft_wrap=True)
    console.print(shown(explained.verdict, "bold"))
    console.print(shown(f"Why: {explained.why}"))
    for place, kind in explained.against:
        console.print(shown(f"Against it: {place} ({kind})"))
    table = Table("document", "read as", "ARM's words")
    for order in explained.orders:
        row = [order.document_no or "(no number)", order.status.value, "; ".join(order.errors)]
        table.add_row(*map(shown, row))
    console.print(table)
    console.print(shown(f"Then the relay {explained.consequence}"))
    if explained.is_undecided:
        console.print()
        for line in in_words(missing):
            console.print(shown(line))
