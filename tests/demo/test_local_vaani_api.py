"""The local Vaani API keeps to what Vaani's page says."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import jwt
import pytest

from vaani_widget.demo.vaani_api import AGENTS, LocalVaaniApi
from vaani_widget.demo.vaani_faults import FAULTS


@dataclass
class LiveKit:
    url: str = "ws://127.0.0.1:7880"
    api_key: str = "demo"
    api_secret: str = "a secret of at least thirty-two bytes"


HTTP = httpx.Client(trust_env=False, verify=False, limits=httpx.Limits(max_keepalive_connections=0))
"""One for all: each new one reads every certificate authority of the machine."""


@pytest.fixture
def api() -> Iterator[LocalVaaniApi]:
    with LocalVaaniApi(LiveKit()) as running:
        yield running


def post(api: LocalVaaniApi, body: object, *, key: str | None = None, timeout: float = 5) -> httpx.Response:
    headers = {"X-API-Key": api.api_key if key is None else key}
    address = api.url + "/api/webrtc/token"
    return HTTP.post(address, json=body, headers=headers, timeout=timeout)


def test_it_answers_with_four_strings_and_a_token_for_one_room(api: LocalVaaniApi) -> None:
    response = post(api, {"agent_name": "demo", "env_flag": "staging", "metadata": {"plan": "pro"}})
    assert response.status_code == 200
    answer = response.json()
    assert set(answer) == {"token", "room_name", "agent_name", "connection_url"}
    assert answer["connection_url"] == "ws://127.0.0.1:7880"
    assert answer["agent_name"] == AGENTS["demo"]
    assert answer["room_name"].startswith(f"room_{AGENTS['demo']}_")
    claims = jwt.decode(answer["token"], LiveKit.api_secret, algorithms=["HS256"])
    assert claims["video"]["room"] == answer["room_name"]
    assert claims["video"]["canPublishSources"] == ["microphone"]
    assert not claims["video"].get("roomAdmin")
    assert claims["exp"] - time.time() <= 90
    (dispatch,) = claims["roomConfig"]["agents"]
    told = json.loads(dispatch["metadata"])
    assert told["env_flag"] == "staging"
    assert told["metadata"] == {"plan": "pro"}
    assert told["primary_language"] == "hi"
    assert told["bg_noise_volume"] == 60


def test_two_calls_share_neither_room_nor_visitor(api: LocalVaaniApi) -> None:
    first, second = (post(api, {"agent_id": AGENTS["demo"]}).json() for _ in range(2))
    assert first["room_name"] != second["room_name"]
    who = [jwt.decode(a["token"], options={"verify_signature": False})["sub"] for a in (first, second)]
    assert who[0] != who[1]


@pytest.mark.parametrize("key", ["", "vaani_wrong", "ключ"])
def test_a_wrong_key_is_401(api: LocalVaaniApi, key: str) -> None:
    address = api.url + "/api/webrtc/token"
    headers = [(b"X-API-Key", key.encode())]
    response = HTTP.post(address, json={"agent_name": "demo"}, headers=headers)
    assert response.status_code == 401
    assert response.json() == {"detail": "Invalid API key"}


GOOD = [
    {"agent_name": "demo"},
    {"agent_id": "demo"},
    {"voice_gender": "male"},
    {"primary_language": "ta"},
    {"secondary_language": "bn"},
    {"welcome_message": "Hello"},
    {"welcome_interruptible": False},
    {"bg_noise_enabled": True},
    {"bg_noise_volume": 0},
    {"bg_noise_volume": 100},
    {"voice_speed": 0.6},
    {"voice_speed": 1.4},
    {"voice_speed": 1},
    {"websocket_url": "wss://livekit.example"},
    {"env_flag": "staging"},
    {"metadata": {"plan": "pro"}},
]
BAD = [
    {"agent_name": 7},
    {"agent_id": ""},
    {"voice_gender": "other"},
    {"voice_gender": None},
    {"primary_language": 1},
    {"secondary_language": ["en"]},
    {"welcome_message": 3},
    {"welcome_interruptible": "yes"},
    {"welcome_interruptible": 1},
    {"bg_noise_enabled": "true"},
    {"bg_noise_volume": 101},
    {"bg_noise_volume": -1},
    {"bg_noise_volume": 60.5},
    {"bg_noise_volume": True},
    {"voice_speed": 0.59},
    {"voice_speed": 1.41},
    {"voice_speed": "1.0"},
    {"voice_speed": True},
    {"websocket_url": "https://livekit.example"},
    {"env_flag": 1},
    {"metadata": []},
    {"metadata": "plan=pro"},
    {"voice_sped": 1.0},
]


@pytest.mark.parametrize("setting", GOOD, ids=str)
def test_every_parameter_takes_what_the_page_allows(api: LocalVaaniApi, setting: dict[str, object]) -> None:
    body = setting if {"agent_name", "agent_id"} & set(setting) else {"agent_name": "demo", **setting}
    assert post(api, body).status_code == 200


@pytest.mark.parametrize("setting", BAD, ids=str)
def test_every_parameter_refuses_the_rest_by_name(api: LocalVaaniApi, setting: dict[str, object]) -> None:
    response = post(api, {"agent_name": "demo", **setting})
    assert response.status_code == 422
    assert [problem["loc"][-1] for problem in response.json()["detail"]] == list(setting)


def test_an_agent_is_required_and_must_be_known(api: LocalVaaniApi) -> None:
    assert post(api, {}).status_code == 422
    assert post(api, ["demo"]).status_code == 422
    response = post(api, {"agent_name": "nobody"})
    assert response.status_code == 404
    assert response.json() == {"detail": "Agent not found"}


def test_another_livekit_server_is_passed_on(api: LocalVaaniApi) -> None:
    answer = post(api, {"agent_name": "demo", "websocket_url": "wss://other.example"}).json()
    assert answer["connection_url"] == "wss://other.example"


def test_live_captions_come_on_demand(api: LocalVaaniApi) -> None:
    assert post(api, {"agent_name": "captions"}).json()["live_captions_url"].startswith("wss://")


def test_requests_are_kept_without_the_key(api: LocalVaaniApi) -> None:
    post(api, {"agent_name": "demo", "voice_speed": 1.1})
    (request,) = api.requests
    assert request.body == {"agent_name": "demo", "voice_speed": 1.1}
    assert request.headers["content-type"] == "application/json"
    assert api.api_key not in repr(api.requests) + repr(api)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 422, 429, 500, 502, 503])
def test_errors_to_order(api: LocalVaaniApi, status: int) -> None:
    api.fail_next(status)
    response = post(api, {"agent_name": "demo"})
    assert response.status_code == status
    assert set(response.json()) <= {"detail", "message"}
    assert post(api, {"agent_name": "demo"}).status_code == 200
    assert post(api, {"agent_name": f"error-{status}"}).status_code == status


def test_every_other_failure_to_order(api: LocalVaaniApi) -> None:
    seen: dict[str, object] = {}
    for fault in FAULTS.keys() - {"drip"}:
        api.fail_next(fault)
        try:
            response = post(api, {"agent_name": "demo"}, timeout=0.5)
        except httpx.HTTPError as error:
            seen[fault] = type(error).__name__
        else:
            seen[fault] = response.status_code
    assert seen["hang"] == "ReadTimeout"
    assert seen["reset"] == "ReadError"
    assert seen["truncated"] == "RemoteProtocolError"
    assert seen["not-http"] == "RemoteProtocolError"
    assert seen["redirect"] == 307
    for fault in ("html", "huge", "not-an-object", "missing", "wrong-types", "javascript-url"):
        assert seen[fault] in (200, 201)
    assert post(api, {"agent_name": "demo"}).status_code == 200


def test_a_dripping_answer_outlives_a_timeout_per_read(api: LocalVaaniApi) -> None:
    api.fail_next("drip")
    begun = time.monotonic()
    address, headers = api.url + "/api/webrtc/token", {"X-API-Key": api.api_key}
    with HTTP.stream("POST", address, json={"agent_name": "demo"}, headers=headers, timeout=0.5) as answer:
        for _ in answer.iter_raw():
            if time.monotonic() - begun > 1:
                return
    raise AssertionError("the answer ended early")


def test_before_livekit_is_there_it_says_so() -> None:
    with LocalVaaniApi() as api:
        response = post(api, {"agent_name": "demo"})
        assert response.status_code == 503
        assert "still starting" in response.json()["detail"]
        api.livekit = LiveKit()
        assert post(api, {"agent_name": "demo"}).status_code == 200


def test_other_paths_and_methods(api: LocalVaaniApi) -> None:
    assert HTTP.get(api.url + "/api/webrtc/token").status_code == 405
    assert HTTP.get(api.url + "/").status_code == 404
    assert HTTP.post(api.url + "/api/other", json={}).status_code == 404
