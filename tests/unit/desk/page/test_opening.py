import re
import time
from pathlib import Path
from queue import Queue
from urllib.parse import unquote, urlsplit

import pytest

from desk.page import server
from desk.page.opening import Opening

ADDRESS = "http://127.0.0.1:8123/the-token/"


def the_file(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def is_gone(file: Path) -> bool:
    deadline = time.monotonic() + 5
    while file.parent.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not file.parent.exists()


def test_the_command_line_of_the_browser_does_not_lead_others_in() -> None:
    started: Queue[str] = Queue()
    opening = Opening(ADDRESS, browse=started.put)
    opening.start()
    url = started.get(timeout=5)
    file = the_file(url)

    assert url.startswith("file:///")
    assert "the-token" not in url
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert set(re.findall(r"(?:url|href)=\"?([^\"]+)", file.read_text("utf-8"))) == {ADDRESS}

    opening.end()
    opening.end()
    assert is_gone(file)


def test_a_file_that_nobody_uses_is_removed() -> None:
    started: Queue[str] = Queue()
    Opening(ADDRESS, browse=started.put, longest=0.05).start()

    assert is_gone(the_file(started.get(timeout=5)))


def test_a_desk_that_opens_no_browser_writes_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    Opening(ADDRESS).end()
    with server.listening("127.0.0.1", 0) as at:
        server.LocalPage(lambda *_: None, at)  # type: ignore[arg-type]  # never called

    assert list(tmp_path.iterdir()) == []
