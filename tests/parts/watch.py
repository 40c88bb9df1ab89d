"""What a test notes in a page from its first moment: events, peer connections, policy violations."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

WATCH = """
(() => {
  const seen = window.seen = { events: [], violations: [], connections: [], streams: [] };
  const names = ["ready", "open", "close", "before-call", "call-start", "call-connected", "state",
                 "transcript", "call-end", "error"];
  for (const name of names)
    addEventListener("vaani-" + name, (event) => {
      const detail = event.detail && JSON.parse(JSON.stringify(event.detail));
      seen.events.push({ name: "vaani-" + name, detail, at: performance.now() });
    });
  addEventListener("securitypolicyviolation", (event) =>
    seen.violations.push(event.violatedDirective + " " + event.blockedURI + " " + event.sample));
  const Peer = window.RTCPeerConnection;
  if (Peer) window.RTCPeerConnection = class extends Peer {
    constructor(...given) { super(...given); seen.connections.push(this); }
  };
  const devices = navigator.mediaDevices;
  if (devices) {
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      seen.streams.push(stream);
      return stream;
    };
  }
})();
"""

ENERGY = """
async () => {
  let captured = 0, sampledSeconds = 0, heard = 0, bytesSent = 0, bytesHeard = 0;
  for (const connection of seen.connections) {
    if (connection.connectionState === "closed") continue;
    for (const report of (await connection.getStats()).values()) {
      if (report.type === "media-source" && report.kind === "audio") {
        captured += report.totalAudioEnergy || 0;
        sampledSeconds += report.totalSamplesDuration || 0;
      }
      if (report.type === "inbound-rtp" && report.kind === "audio") {
        heard += report.totalAudioEnergy || 0;
        bytesHeard += report.bytesReceived;
      }
      if (report.type === "outbound-rtp" && report.kind === "audio") bytesSent += report.bytesSent;
    }
  }
  return { captured, sampledSeconds, heard, bytesSent, bytesHeard };
}
"""


VOICE_GOES_OUT = (
    """
async ([enough, milliseconds]) => {
  const energy = """
    + ENERGY.strip()
    + """;
  // Of the wire's bytes a second: silence takes at most 250, a voice 8000.
  const VOICE = 2000;
  let gone = 0, before = await energy(), at = performance.now();
  for (const until = at + milliseconds; gone <= enough; ) {
    if (performance.now() > until) throw new Error("no voice went out: " + JSON.stringify(before));
    await new Promise((passed) => setTimeout(passed, 250));
    const now = await energy(), seconds = (performance.now() - at) / 1000;
    const louder = now.captured - before.captured, sent = now.bytesSent - before.bytesSent;
    if (sent / seconds > VOICE) gone += Math.max(0, louder);
    before = now;
    at += seconds * 1000;
  }
}
"""
)
"""What is captured is no sign: it is measured before the encoder, which may send nothing of it. So it counts
only while as much goes out as a voice takes."""


def events(page: Page, name: str | None = None) -> list[dict[str, Any]]:
    """What the page has heard of the widget so far, oldest first."""
    seen: list[dict[str, Any]] = page.evaluate("seen.events")
    return [event for event in seen if name in (None, event["name"])]


def until_event(page: Page, name: str, *, timeout: float = 30, where: str = "true") -> dict[str, Any]:
    """Waits until an event has been heard whose ``detail`` satisfies the expression, and returns its detail.

    :param timeout: seconds.
    """
    found = f"seen.events.find(event => event.name === '{name}' && (detail => {where})(event.detail || {{}}))"
    handle = page.wait_for_function(f"() => {found}", timeout=timeout * 1000)
    detail: dict[str, Any] = handle.json_value()["detail"] or {}
    return detail


def until(page: Page, holds: str, argument: Any = None, *, timeout: float = 60) -> None:
    """Waits until an asynchronous function says yes. Playwright's ``wait_for_function`` asks such a one once.

    :param timeout: seconds.
    """
    page.evaluate(
        f"""async ([argument, milliseconds]) => {{
          const holds = {holds};
          for (const until = performance.now() + milliseconds; !(await holds(argument)); ) {{
            if (performance.now() > until) throw new Error("never: " + holds);
            await new Promise((passed) => setTimeout(passed, 50));
          }}
        }}""",
        [argument, timeout * 1000],
    )


def energy(page: Page) -> dict[str, float]:
    """Audio energy and bytes of the page's open connections, as the browser's own WebRTC statistics count.

    ``captured`` is the microphone's, before it is encoded and sent.
    """
    measured: dict[str, float] = page.evaluate(ENERGY)
    return measured
