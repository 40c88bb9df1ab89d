"""The log: what a line says for machines, that nobody outside can write one, and that no secret is in it."""

from __future__ import annotations

import json
import logging
import re
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.widget_server import WidgetServer, widget_server
from tests.server.conftest import SECRET, Kit, is_problem, post
from vaani_widget import call_started
from vaani_widget.errors import StoreUnavailable
from vaani_widget.logs import JsonLines, TextLines, during, fields
from vaani_widget.shapes import EVENTS
from vaani_widget.tokens import sign_grant

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture(autouse=True)
def all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="vaani_widget")


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    """What each of our lines says for machines."""
    return [
        {
            name.removeprefix("vaani_"): value
            for name, value in vars(record).items()
            if name.startswith("vaani_")
        }
        for record in caplog.records
        if record.name.partition(".")[0] == "vaani_widget"
    ]


def test_a_calls_life(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    call = kit.call(kit.token()).get_json()
    path = f"/vaani/v1/calls/{call['call_id']}/progress"
    for event in ("connected", "ended", "feedback"):
        body = {"call_token": call["call_token"], "event": event, "reason": "agent", "text": "private"}
        assert post(kit.client, path, body).status_code == 204
    lines = told(caplog)
    ids = [line.pop("request_id") for line in lines]
    about = {"site": "acme", "call_id": call["call_id"]}
    assert lines == [
        {"event": "call_started", **about},
        {"event": "call_connected", "reason": "agent", **about},
        {"event": "call_ended", "reason": "agent", **about},
        {"event": "call_feedback", "reason": "agent", **about},
    ]
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("failure", "code", "spent"),
    [
        (402, "upstream_balance", "no"),
        (401, "upstream_auth", "no"),
        (500, "upstream_unavailable", "unknown"),
        (504, "upstream_unavailable", "unknown"),
    ],
)
def test_a_call_that_vaani_fails(
    kit: Kit, caplog: pytest.LogCaptureFixture, failure: int, code: str, spent: str
) -> None:
    kit.vaani.fail_next(failure)
    answer = kit.call(kit.token()).get_json()
    upstream, refused = told(caplog)
    assert upstream == {
        "event": "upstream_failed",
        "code": code,
        "spent": spent,
        "request_id": answer["request_id"],
    }
    call_id = refused.pop("call_id")
    assert call_id
    assert refused == {**upstream, "event": "refused", "site": "acme"}


def test_a_refusal_before_the_reservation(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    problem = is_problem(kit.mint("nobody\nelse"), "site_not_found", 404)
    (line,) = told(caplog)
    assert line == {
        "event": "refused",
        "code": "site_not_found",
        "spent": "no",
        "request_id": problem["request_id"],
    }


def test_a_ledger_that_fails_after_the_answer(
    kit: Kit, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = kit.token()

    def broken(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(type(kit.state.services.ledger), "commit", broken)
    call = kit.call(token).get_json()
    unsettled = told(caplog)[0]
    assert unsettled.pop("request_id")
    assert unsettled == {
        "event": "call_unsettled",
        "call_id": call["call_id"],
        "code": "store_unavailable",
        "spent": "yes",
    }


def test_what_nobody_foresaw_and_what_a_receiver_breaks(
    kit: Kit, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("of the host's own")

    with call_started.connected_to(broken):
        assert kit.call(kit.token()).status_code == 201
    monkeypatch.setattr(type(kit.state.services.ledger), "check", broken)
    problem = is_problem(kit.client.get("/vaani/readyz"), "internal_error", 500)
    events = {line["event"]: line.get("request_id") for line in told(caplog)}
    assert events["receiver_failed"] == events["call_started"]
    assert events["request_failed"] == problem["request_id"]


def test_a_broken_ledgers_line_has_the_request(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    kit.state.services.ledger.own_secret()
    with kit.state.services.ledger.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE vaani_widget_calls")
    problem = is_problem(kit.call(kit.token()), "store_unavailable", 503)
    events = {line["event"]: line.get("request_id") for line in told(caplog)}
    assert events == {"ledger_failed": problem["request_id"], "refused": problem["request_id"]}


def test_no_secret_is_in_any_attribute(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    grant = sign_grant(
        site="acme",
        secret=SECRET.encode(),
        visitor="a-visitor",
        metadata={"plan": "metadata-canary"},
        now=kit.clock.now,
    )
    token = kit.token(grant=grant)
    kit.vaani.fail_next(422)
    failed = kit.call(token, metadata={"page": "page-canary"})
    call = kit.call(kit.token(grant=grant), metadata={"page": "page-canary"}).get_json()
    body = {"call_token": call["call_token"], "event": "feedback", "text": "text-canary"}
    post(kit.client, f"/vaani/v1/calls/{call['call_id']}/progress", body)
    assert failed.status_code == 502
    assert len(told(caplog)) == 4
    shown = "".join(repr(vars(record)) for record in caplog.records if record.name.startswith("vaani_widget"))
    secrets = (
        *(token, grant, call["token"], call["call_token"], SECRET),
        *("vaani_canary", "a-visitor", "127.0.0.1", "-canary"),
    )
    assert not [secret for secret in secrets if secret in shown]


def test_a_hosts_record_factory_costs_nobody_a_call(kit: Kit) -> None:
    """Many hosts put a request's id into every record; logging raises where ``extra`` has the same name."""
    before = logging.getLogRecordFactory()

    def factory(*arguments: object, **more: object) -> logging.LogRecord:
        record = before(*arguments, **more)
        for name in ("request_id", "event", "site", "code", "call_id", "spent", "reason"):
            setattr(record, name, "the host's")
        return record

    logging.setLogRecordFactory(factory)
    try:
        token = kit.token()
        assert kit.call(token).status_code == 201
        is_problem(kit.call(token), "token_spent", 409)
    finally:
        logging.setLogRecordFactory(before)


def record(message: str, *, error: BaseException | None = None, **known: str) -> logging.LogRecord:
    made = logging.LogRecord(
        "vaani_widget", logging.INFO, "", 0, "%s", (message,), error and (type(error), error, None)
    )
    made.created = 1_800_000_000.25
    vars(made).update(fields("refused", **known))
    return made


FORGED = "x\n2027-01-15T08:00:00.250Z INFO vaani_widget: call 1 started\r\x1b[2K\x00\u2028\u202e\ud800"


def test_text_is_one_line_whatever_is_in_it() -> None:
    line = TextLines().format(record(FORGED))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert line.startswith("2027-01-15T08:00:00.250Z INFO vaani_widget: x\\n2027-01-15T08:00:00.250Z INFO")


def test_no_line_of_a_traceback_can_pass_for_a_line_of_the_log() -> None:
    first, *rest = TextLines().format(record("it failed", error=ValueError(FORGED))).splitlines()
    assert first.endswith("it failed")
    assert rest
    assert all(line.startswith("    ") for line in rest)


def test_the_request_is_named_once() -> None:
    with during("abc123"):
        assert TextLines().format(record("Vaani is slow.")).endswith("Vaani is slow. (request abc123)")
        assert TextLines().format(record("refused (request abc123)")).count("abc123") == 1
    assert "request" not in TextLines().format(record("nobody asked"))


def test_json_is_one_object_whatever_is_in_it() -> None:
    with during("abc123"):
        written = JsonLines().format(
            record(FORGED, error=ValueError(FORGED), code="token_spent", site="acme")
        )
    assert written.isascii()
    assert len(written.splitlines()) == 1
    line = json.loads(written)
    assert line.pop("traceback").endswith(FORGED)
    assert line == {
        "time": "2027-01-15T08:00:00.250Z",
        "level": "info",
        "logger": "vaani_widget",
        "event": "refused",
        "request_id": "abc123",
        "code": "token_spent",
        "site": "acme",
        "message": FORGED,
    }


def use(server: WidgetServer) -> None:
    """A call, a refusal, and what is no HTTP at all."""
    headers = {"Origin": server.base, "Content-Type": "text/plain"}

    def send(path: str, body: object) -> dict[str, str]:
        data = json.dumps(body).encode()
        request = urllib.request.Request(f"{server.base}/vaani/v1/{path}", data, headers, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())  # type: ignore[no-any-return]

    token = send("sites/acme/token", {})["site_token"]
    send("calls", {"site_token": token})
    with pytest.raises(HTTPError):
        send("calls", {"site_token": token})
    with socket.create_connection(("127.0.0.1", server.port), 30) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHeader canary\x1b[2K: x\r\n\r\n")
        assert raw.recv(4096).startswith(b"HTTP/1.1 400")


@pytest.fixture(scope="module")
def vaani() -> Iterator[SlowVaani]:
    with SlowVaani(0) as vaani:
        yield vaani


def test_a_server_writes_json_and_nothing_else(vaani: SlowVaani, tmp_path: Path) -> None:
    environ = {"VAANI_WIDGET_METRICS_TOKEN": "short"}
    with widget_server(tmp_path, vaani.config(site()), "--log-format", "json", environ=environ) as server:
        use(server)
        server.wait_for(lambda: "not proper HTTP" in server.log)
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all(re.fullmatch(RFC3339, line["time"]) for line in lines)
    by_event = {line.get("event", line["logger"]): line for line in lines}
    assert by_event["call_started"]["site"] == "acme"
    assert by_event["refused"]["code"] == "token_spent"
    assert re.fullmatch(r"[0-9a-f]{16}", by_event["refused"]["request_id"])
    assert by_event["gunicorn.error"]["level"] == "warning"
    said = [line for line in lines if line.get("event") == "serving"]
    assert [line["level"] for line in said if "VAANI_WIDGET_METRICS_TOKEN" in line["message"]] == ["warning"]
    assert [line["level"] for line in said if "Serving on" in line["message"]] == ["info"]
    assert not [word for word in ("canary", vaani.api_key, "ip=") if word in server.log]


def test_a_server_writes_text_unless_told_otherwise(vaani: SlowVaani, tmp_path: Path) -> None:
    with widget_server(tmp_path, vaani.config(site())) as server:
        use(server)
        server.wait_for(lambda: "not proper HTTP" in server.log)
    lines = [line for line in server.log.splitlines() if not line.startswith(("Serving on", "Warning:"))]
    assert all(re.match(rf"{RFC3339} (INFO|WARNING) [a-z_.]+: ", line) for line in lines), lines
    assert any(re.search(r"INFO vaani_widget: call \w+ started at site acme", line) for line in lines)
    assert any("refused token_spent at site acme" in line for line in lines)
    assert not [word for word in ("canary", vaani.api_key, "ip=", "\x1b") if word in server.log]


def test_an_app_of_ours_leaves_logging_as_it_is_arranged(monkeypatch: pytest.MonkeyPatch) -> None:
    from vaani_widget import create_app

    handlers = logging.getLogger("vaani_widget").handlers[:], logging.getLogger().handlers[:]
    create_app({"VAANI_API_KEY": "vaani_x", "VAANI_AGENT": "a"}, log_format="json")
    assert (logging.getLogger("vaani_widget").handlers, logging.getLogger().handlers) == handlers


def test_every_event_is_documented() -> None:
    root = Path(__file__).parents[2]
    sources = [path for path in (root / "vaani_widget").rglob("*.py") if "demo" not in path.parts]
    text = "".join(path.read_text("utf-8") for path in sources)
    events = set(re.findall(r'fields\(\s*"(\w+)"', text)) | {f"call_{event}" for event in EVENTS}
    table = (root / "docs" / "watching.md").read_text("utf-8").partition("| event | level |")[2]
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", table.partition("\n\n")[0], re.MULTILINE)
    assert {event for row in rows for event in re.findall(r"\w+", row)} == events
