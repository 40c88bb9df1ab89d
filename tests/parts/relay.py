"""What lies between a browser and LiveKit: carries signals and sound, and can lose everything for a while."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Page

LED_ASTRAY = """
(() => {
  const of = RTCPeerConnection.prototype;
  const led = async (text) => {
    const found = /(candidate:\\S+ \\d+ udp \\d+ )(\\S+) (\\d+)/gi;
    for (const [whole, head, host, port] of [...(text ?? "").matchAll(found)])
      text = text.replace(whole, `${head}127.0.0.1 ${await relayed(host, Number(port))}`);
    return text;
  };
  const { addIceCandidate, setRemoteDescription } = of;
  of.addIceCandidate = async function (given) {
    if (!given) return addIceCandidate.call(this);
    const plain = given.toJSON?.() ?? given;
    return addIceCandidate.call(this, { ...plain, candidate: await led(plain.candidate) });
  };
  of.setRemoteDescription = async function (given) {
    return setRemoteDescription.call(this, { type: given.type, sdp: await led(given.sdp) });
  };
  // nobody learns where the browser itself is, or sound would find a way around
  Object.defineProperty(of, "onicecandidate", { set() {}, get: () => null });
})();
"""
"""The browser is told of the relay wherever LiveKit names an address of its own."""


class Relay:
    """A context manager. ``url`` leads to the same LiveKit server as the one given.

    :param url: of LiveKit, such as ``ws://127.0.0.1:7880``.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._signal = (str(parts.hostname), parts.port or 80)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._through: asyncio.Event | None = None
        self._media: dict[tuple[str, int], int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._transports: list[asyncio.BaseTransport] = []

    @property
    def port(self) -> int:
        """Where browsers send their sound."""
        (port,) = self._media.values()
        return port

    def lead(self, page: Page) -> None:
        """Makes a page that is not loaded yet send its sound this way, too."""
        page.expose_function("relayed", lambda host, port: self._run(self._media_port(host, port)))
        page.add_init_script(LED_ASTRAY)

    def cut(self) -> None:
        """From here on nothing comes through; nobody is told."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    @property
    def _open(self) -> asyncio.Event:
        assert self._through is not None
        return self._through

    def _run(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> int:
        self._through = asyncio.Event()
        self._through.set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        there, onward = await asyncio.open_connection(*self._signal)
        for source, target in ((reader, onward), (there, writer)):
            task = self._loop.create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                # what was sent meanwhile comes later, as TCP has it
                await self._open.wait()
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()

    async def _media_port(self, host: str, port: int) -> int:
        if (host, port) not in self._media:
            transport, _ = await self._loop.create_datagram_endpoint(
                lambda: _Visitors(self, (host, port)), local_addr=("127.0.0.1", 0)
            )
            self._transports.append(transport)
            self._media[host, port] = transport.get_extra_info("sockname")[1]
        return self._media[host, port]

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._run(self._listen())}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async def close() -> int:
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for transport in self._transports:
                transport.close()
            return 0

        self._run(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Visitors(asyncio.DatagramProtocol):
    """One address that stands for LiveKit's; each visitor gets a socket of its own towards it."""

    def __init__(self, relay: Relay, to: tuple[str, int]) -> None:
        self._relay = relay
        self._to = to
        self._onward: dict[tuple[str, int], asyncio.DatagramTransport] = {}
        self._waiting: dict[tuple[str, int], list[bytes]] = {}

    def connection_made(self, transport: Any) -> None:
        self._transport: asyncio.DatagramTransport = transport

    def datagram_received(self, data: bytes, visitor: tuple[str, int]) -> None:
        if not self._relay._open.is_set():
            return
        if onward := self._onward.get(visitor):
            onward.sendto(data)
        elif visitor in self._waiting:
            self._waiting[visitor].append(data)
        else:
            self._waiting[visitor] = [data]
            self._relay._tasks.add(self._relay._loop.create_task(self._begin(visitor)))

    async def _begin(self, visitor: tuple[str, int]) -> None:
        def back(data: bytes) -> None:
            if self._relay._open.is_set():
                self._transport.sendto(data, visitor)

        onward, _ = await self._relay._loop.create_datagram_endpoint(
            lambda: _Back(back), remote_addr=self._to
        )
        self._relay._transports.append(onward)
        self._onward[visitor] = onward
        for data in self._waiting.pop(visitor):
            onward.sendto(data)


class _Back(asyncio.DatagramProtocol):
    def __init__(self, back: Callable[[bytes], None]) -> None:
        self._back = back

    def datagram_received(self, data: bytes, _: object) -> None:
        self._back(data)
