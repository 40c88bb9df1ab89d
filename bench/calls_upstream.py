"""An upstream that answers at once, in a process of its own: ``python -m bench.calls_upstream``.

It prints its port, answers every POST as Vaani would, and ``GET /stats`` with how many there were and what
they cost. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

ANSWER = json.dumps(
    {
        "token": "e30." + "t" * 620 + ".signature",
        "room_name": "room_d083374a_3f9c1e",
        "agent_name": "d083374a-c167-4bda-b8bc-2a418ca85f35",
        "connection_url": "wss://livekit.example.test",
    }
).encode()


def _http(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Instant(asyncio.Protocol):
    """One connection, kept open."""

    answer = _http(ANSWER)
    answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n") + 4) > 3:
            head = self._received[:end].lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            end += int(length or 0)
            if len(self._received) < end:
                return
            self._received = self._received[end:]
            if head.startswith(b"post "):
                Instant.answered += 1
                self._transport.write(self.answer)
            else:
                stats = {"answered": Instant.answered, "cpu": time.process_time()}
                self._transport.write(_http(json.dumps(stats).encode()))


async def main() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Instant, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
