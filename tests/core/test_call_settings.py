"""The thirteen call settings, and who may set which."""

from __future__ import annotations

import math

import pytest

from vaani_widget.call_settings import PAGE_MAY_SET, PARAMETERS, check, check_grant_locked, merge
from vaani_widget.errors import GrantInvalid, SettingsInvalid

UPSTREAM = {
    "agent_id": None,
    "agent_name": None,
    "voice_gender": "female",
    "primary_language": "hi",
    "secondary_language": "en",
    "welcome_message": None,
    "welcome_interruptible": True,
    "bg_noise_enabled": False,
    "bg_noise_volume": 60,
    "voice_speed": 1.0,
    "websocket_url": None,
    "env_flag": None,
    "metadata": None,
}


def test_the_thirteen_stand_in_the_vendors_order_with_its_defaults():
    assert list(PARAMETERS) == list(UPSTREAM)
    assert {name: parameter.default for name, parameter in PARAMETERS.items()} == UPSTREAM
    assert all(parameter.meaning for parameter in PARAMETERS.values())
    never = {name for name, parameter in PARAMETERS.items() if parameter.page_never}
    assert never == {"agent_id", "agent_name", "websocket_url", "env_flag"}


@pytest.mark.parametrize("name", [name for name, default in UPSTREAM.items() if default is not None])
def test_every_default_is_allowed(name):
    assert check(name, UPSTREAM[name]) == UPSTREAM[name]


ALLOWED = [
    ("agent_id", "d083374a-c167-4bda-b8bc-2a418ca85f35"),
    ("agent_name", "Reception, 2nd floor"),
    ("voice_gender", "male"),
    ("primary_language", "bn"),
    ("primary_language", "en-IN"),
    ("secondary_language", "zh-Hant-TW"),
    ("welcome_message", "नमस्ते\nमैं एक एआई हूँ"),
    ("welcome_message", "x" * 500),
    ("welcome_interruptible", False),
    ("bg_noise_enabled", True),
    ("bg_noise_volume", 0),
    ("bg_noise_volume", 100),
    ("voice_speed", 0.6),
    ("voice_speed", 1),
    ("voice_speed", 1.4),
    ("websocket_url", "wss://livekit.example/path"),
    ("websocket_url", "ws://127.0.0.1:7880"),
    ("websocket_url", "ws://[::1]:7880"),
    ("env_flag", "staging"),
    ("metadata", {}),
    ("metadata", {"plan": "pro", "seats": 3, "rate": 0.5, "trial": False, "note": None}),
    ("metadata", {str(n): n for n in range(32)}),
    ("metadata", {"k": "x" * (4096 - len('{"k":""}'))}),
    ("metadata", {"k": "अ" * ((4096 - len('{"k":""}')) // 3)}),
]


@pytest.mark.parametrize(("name", "value"), ALLOWED)
def test_allowed(name, value):
    assert check(name, value) == value
    assert type(check(name, value)) is type(value)


REFUSED = [
    ("agent_id", ""),
    ("agent_id", "  "),
    ("agent_id", "a\nb"),
    ("agent_id", "x" * 201),
    ("agent_id", 7),
    ("voice_gender", "Female"),
    ("voice_gender", None),
    ("voice_gender", ["female"]),
    ("primary_language", "hindi!"),
    ("primary_language", "h"),
    ("primary_language", "en_IN"),
    ("primary_language", "en\n"),
    ("primary_language", 1),
    ("welcome_message", "x" * 501),
    ("welcome_message", "\ud800"),
    ("welcome_message", True),
    ("welcome_interruptible", 1),
    ("welcome_interruptible", "true"),
    ("welcome_interruptible", None),
    ("bg_noise_enabled", 0),
    ("bg_noise_volume", -1),
    ("bg_noise_volume", 101),
    ("bg_noise_volume", 60.0),
    ("bg_noise_volume", True),
    ("bg_noise_volume", "60"),
    ("bg_noise_volume", 10**400),
    ("voice_speed", 0.59),
    ("voice_speed", 1.41),
    ("voice_speed", True),
    ("voice_speed", math.nan),
    ("voice_speed", math.inf),
    ("voice_speed", -math.inf),
    ("voice_speed", "1.0"),
    ("voice_speed", 10**400),
    ("websocket_url", "ws://livekit.example"),
    ("websocket_url", "https://livekit.example"),
    ("websocket_url", "wss://user:word@livekit.example"),
    ("websocket_url", "wss://"),
    ("websocket_url", "wss://a:99999"),
    ("websocket_url", "wss://[half"),
    ("websocket_url", "wss://a b"),
    ("env_flag", ""),
    ("env_flag", "a\x00b"),
    ("metadata", []),
    ("metadata", "{}"),
    ("metadata", None),
    ("metadata", {1: "a"}),
    ("metadata", {"": "a"}),
    ("metadata", {"\udfff": "a"}),
    ("metadata", {str(n): n for n in range(33)}),
    ("metadata", {"k": "x" * (4097 - len('{"k":""}'))}),
    ("metadata", {"k": "अ" * ((4096 - len('{"k":""}')) // 3 + 1)}),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_refused_by_name_and_without_the_value(name, value):
    with pytest.raises(SettingsInvalid) as caught:
        check(name, value)
    assert caught.value.field == name
    assert caught.value.spent == "no"
    assert "\n" not in caught.value.detail
    assert "word" not in caught.value.detail


@pytest.mark.parametrize("value", [{"a": 1}, [1], math.nan, math.inf, 2**63, -(2**63) - 1, b"x", "\ud800"])
def test_one_value_of_the_metadata_is_refused_by_its_key(value):
    with pytest.raises(SettingsInvalid) as caught:
        check("metadata", {"fine": "yes", "plan": value})
    assert caught.value.field == "metadata.plan"


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(SettingsInvalid, match="did you mean voice_speed") as caught:
        check("voice_sped", 1.0)
    assert caught.value.field == "voice_sped"
    with pytest.raises(SettingsInvalid, match="agent_id, agent_name, voice_gender"):
        check("zzz", 1)


def test_what_nobody_set_is_not_sent():
    merged = merge(agent="a1")
    assert merged.body == {"agent_id": "a1"}
    assert merged.ignored == ()


def test_the_strongest_wins():
    rising: list[tuple[str, dict[str, object]]] = [
        ("call", {"voice_speed": 0.7}),
        ("page", {"voice_speed": 0.8}),
        ("grant_locked", {"voice_speed": 0.9}),
        ("locked", {"voice_speed": 1.1}),
    ]
    for number in range(1, 5):
        said = dict(rising[:number])
        merged = merge(agent="a1", **said)
        assert merged.body["voice_speed"] == rising[number - 1][1]["voice_speed"]
        assert merged.ignored == (("voice_speed",) if number > 2 else ())


def test_a_page_sets_what_it_may_and_hears_what_it_may_not():
    merged = merge(
        agent="a1",
        page={
            "voice_gender": "male",
            "welcome_message": "Hello",
            "websocket_url": "wss://evil.example",
            "env_flag": "x",
            "agent_id": "other",
            "agent_name": "other",
            "metadata": {"plan": "pro"},
            "made_up": {"any": "thing"},
        },
        page_may_set={"voice_gender", "websocket_url", "env_flag", "agent_id", "agent_name", "metadata"},
    )
    assert merged.body == {"agent_id": "a1", "voice_gender": "male"}
    assert merged.ignored == (
        "welcome_message",
        "websocket_url",
        "env_flag",
        "agent_id",
        "agent_name",
        "metadata",
        "made_up",
    )


def test_what_is_ignored_is_not_looked_at():
    wrong = {"welcome_message": 5, "voice_gender": ["?"], "voice_speed": None}
    merged = merge(
        agent="a1",
        page=wrong,
        locked={"voice_gender": "male"},
        grant_locked={"voice_speed": 1.2},
        page_metadata={"plan": object(), "page": []},
        grant_metadata={"plan": "pro"},
        metadata_keys={"plan"},
    )
    assert merged.ignored == (
        "welcome_message",
        "voice_gender",
        "voice_speed",
        "metadata.plan",
        "metadata.page",
    )
    assert merged.body == {
        "agent_id": "a1",
        "voice_gender": "male",
        "voice_speed": 1.2,
        "metadata": {"plan": "pro"},
    }


@pytest.mark.parametrize("name", sorted(PAGE_MAY_SET))
def test_a_wrong_value_of_a_name_that_the_page_may_set_is_refused(name):
    with pytest.raises(SettingsInvalid) as caught:
        merge(agent="a1", page={name: "wrong!"})
    assert caught.value.field == name


def test_metadata_is_merged_key_by_key():
    merged = merge(
        agent="a1",
        call={"metadata": {"a": "call", "b": "call", "c": "call", "d": "call"}},
        page_metadata={"b": "page", "c": "page", "d": "page", "x": "page"},
        metadata_keys=("b", "c", "d"),
        grant_metadata={"c": "grant", "d": "grant"},
        locked={"metadata": {"d": "site"}},
    )
    assert merged.body["metadata"] == {"a": "call", "b": "page", "c": "grant", "d": "site"}
    assert merged.ignored == ("metadata.c", "metadata.d", "metadata.x")


def test_no_metadata_key_is_a_pages_by_default():
    assert merge(agent="a1", page_metadata={"plan": "pro"}).ignored == ("metadata.plan",)


def test_a_pages_metadata_is_refused_by_key():
    with pytest.raises(SettingsInvalid) as caught:
        merge(agent="a1", page_metadata={"plan": {"deep": 1}}, metadata_keys=["plan"])
    assert caught.value.field == "metadata.plan"


def test_metadata_has_its_limits_after_merging_as_well():
    half = {f"a{n}": n for n in range(20)}
    other = {f"b{n}": n for n in range(20)}
    with pytest.raises(SettingsInvalid) as caught:
        merge(agent="a1", call={"metadata": half}, grant_metadata=other)
    assert caught.value.field == "metadata"


def test_merging_leaves_its_sources_as_they_are():
    call = {"metadata": {"a": 1}, "voice_speed": 1.1}
    grant = {"agent_id": "a1"}
    body = merge(agent="a1", call=call, grant_locked=grant, page_metadata={"b": 2}, metadata_keys=["b"]).body
    assert body["metadata"] == {"a": 1, "b": 2}
    assert call == {"metadata": {"a": 1}, "voice_speed": 1.1}
    assert grant == {"agent_id": "a1"}


@pytest.mark.parametrize(
    ("locked", "field"),
    [
        ({"websocket_url": "wss://other.example"}, "websocket_url"),
        ({"env_flag": "x"}, "env_flag"),
        ({"voice_speed": 9}, "voice_speed"),
        ({"made_up": 1}, "made_up"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"agent_id": "a1", "agent_name": "a1"}, "agent_name"),
        ({1: 1}, "1"),
        ([], "locked"),
        ("voice_speed", "locked"),
    ],
)
def test_what_no_grant_may_lock_is_refused_by_name(locked, field):
    with pytest.raises(GrantInvalid) as caught:
        check_grant_locked(locked)
    assert caught.value.field == field


def test_merging_does_not_trust_an_old_grant():
    with pytest.raises(GrantInvalid) as caught:
        merge(agent="a1", grant_locked={"websocket_url": "wss://other.example"})
    assert caught.value.field == "websocket_url"
    with pytest.raises(GrantInvalid) as caught:
        merge(agent="a1", grant_metadata={"plan": [1]})
    assert caught.value.field == "metadata.plan"


@pytest.mark.parametrize("name", ["agent_id", "agent_name"])
def test_an_agent_that_a_grant_locks_is_the_calls(name):
    assert merge(agent="a1", grant_locked={name: "a1"}).body == {"agent_id": "a1"}
    with pytest.raises(GrantInvalid) as caught:
        merge(agent="a2", grant_locked={name: "a1"})
    assert caught.value.field == name


def test_the_body_is_not_in_the_repr():
    merged = merge(agent="a1", grant_metadata={"phone": "0123456"})
    assert "0123456" not in repr(merged)
