"""`make reference`: the table of all routes in docs/api.md, made from the routes of both functions."""

import re
from typing import Final

from functions.operators import app as operators
from functions.webhook import app as webhook
from sandbox.paths import ROOT
from tools.openapi import operations

PAGE: Final = ROOT / "docs" / "api.md"

BEGIN: Final = "<!-- The routes: written by `make reference` from the functions' routes. -->"
END: Final = "<!-- The end of the routes. -->"

#: How requests are authorised, by the name of the scheme in the API's description.
AUTHORISED_BY: Final = {"standardWebhooks": "signature", "iam": "AWS IAM", None: "nothing"}


def table() -> str:
    """The table, one row per route of either function."""
    described = operations()
    rows = [
        f"| `{route}` | {operation.reader} | {AUTHORISED_BY[operation.security]} | {operation.summary} |"
        for route in (*webhook.API.routes, *operators.API.routes)
        for operation in [described[route.replace("+}", "}")]]
    ]
    return "\n".join(["| route | for | authorised by | what it does |", "|---|---|---|---|", *rows])


def with_table(page: str) -> str:
    """The page with the table as it is now."""
    between = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
    return between.sub(lambda _: f"{BEGIN}\n\n{table()}\n\n{END}", page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
