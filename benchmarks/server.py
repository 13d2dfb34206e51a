"""A small HTTP/1.1 server in a thread: connections kept alive, every answer in one write."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

HOST: Final = "127.0.0.1"

#: As large as the largest request the relay makes, and some.
LARGEST_HEAD: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


type Answering = Callable[[Request], Awaitable[Response]]


class Server:
    """Answers from entering to leaving the `with` block."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="server")
        #: host:port.
        self.address = ""

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"http://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        listening = asyncio.start_server(self._serve, HOST, 0, limit=LARGEST_HEAD, backlog=256)
        self._server = asyncio.run_coroutine_threadsafe(listening, self.loop).result()
        self.address = f"{HOST}:{self._server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                response = await self._answering(await _read(reader))
                writer.write(_encoded(response))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # The other side is gone, or we are to end.
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
    return Request(method, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _encoded(response: Response) -> bytes:
    headers = {"Content-Type": response.content_type, "Content-Length": str(len(response.body)), **response.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {response.status} Status\r\n{lines}\r\n".encode() + response.body
