"""Starts the browser by a file that only its user can read, because everybody can read a browser's command line."""

import webbrowser
from collections.abc import Callable
from html import escape
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Thread, Timer
from typing import Final

#: How many seconds the file stays at most. A browser that is not running yet takes some.
LONGEST: Final = 60.0

#: Leads to an address at once, or by a click; @ stands for the address.
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url=@">
<title>ARM Relay desk</title>
<p><a href="@">Open the desk</a></p>
</html>
"""


class Opening:
    """A file that leads to the page, from `start` until the browser has used it, a minute later, or `end`."""

    def __init__(
        self, address: str, *, browse: Callable[[str], object] = webbrowser.open, longest: float = LONGEST
    ) -> None:
        """`browse` shows a URL in the person's browser; `longest` is in seconds."""
        self._address = address
        self._browse = browse
        self._longest = longest
        self._folder: Path | None = None
        self._timer: Timer | None = None

    def start(self) -> None:
        """Show the page in the person's browser, without waiting for it."""
        # The folder is its owner's alone; so is the file, from its first moment.
        self._folder = Path(mkdtemp(prefix="arm-relay-desk-"))
        file = self._folder / "desk.html"
        file.touch(0o600)
        file.write_text(_PAGE.replace("@", escape(self._address)), "utf-8")
        self._timer = Timer(self._longest, self.end)
        self._timer.daemon = True
        self._timer.start()
        Thread(target=self._browse, args=(file.as_uri(),), name="browser", daemon=True).start()

    def end(self) -> None:
        """Remove the file. May be called at any time, and again."""
        if self._timer:
            self._timer.cancel()
        if self._folder:
            rmtree(self._folder, ignore_errors=True)
