"""What the tests of settings share."""

from __future__ import annotations

import pytest

from vaani_widget.errors import SettingError
from vaani_widget.settings import load


@pytest.fixture
def toml(tmp_path):
    def write(text, name="widget.toml"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


@pytest.fixture
def refused():
    """Loads settings that are wrong, and returns the refusal: one line, without any value in it."""

    def load_wrong(**arguments):
        with pytest.raises(SettingError) as caught:
            load(**{"environ": {}, **arguments})
        message = str(caught.value)
        assert message.startswith(f"{caught.value.key}: ")
        assert "\n" not in message
        assert "hush" not in message
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None or caught.value.__suppress_context__
        return caught.value

    return load_wrong
