"""Where settings are written: ``app.config`` over the environment over a TOML file."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .errors import SettingError
from .setting_keys import IN_FILE, KEYS
from .tables import nearest, suggestion

_WHOLE = re.compile(r"[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Found:
    """A setting as somebody wrote it.

    :param label: its name at that place.
    :param source: ``app.config``, ``environment``, ``file NAME`` or ``command line``.
    :param text: it comes from the environment, where a list of keys is JSON and a number is text.
    """

    value: object = field(repr=False)
    label: str
    source: str
    text: bool = False

    def refuse(self, remedy: str) -> SettingError:
        """The error to raise about it; it says which file, where it stands in one."""
        at = f" (In {self.source.removeprefix('file ')}.)" if self.source.startswith("file ") else ""
        return SettingError(self.label, remedy + at)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Errors from inside, about this key or one below it, say which file as well."""
        try:
            yield
        except SettingError as error:
            at = self.refuse(error.remedy).remedy
            raise SettingError(error.key, at) from None


class Sources:
    """The places of one application, strongest first.

    :param app_config: the host app's; ``None`` for a server of its own.
    :param config_file: named on the command line; stronger than ``VAANI_WIDGET_CONFIG``.
    :raises SettingError: an unknown key in ``app.config`` or the file; a file that can't be read.
    """

    def __init__(
        self, app_config: Mapping[str, object] | None, environ: Mapping[str, str], config_file: Path | None
    ) -> None:
        self._app_config = app_config or {}
        self._environ = environ
        for name in self._app_config:
            if isinstance(name, str) and name.startswith("VAANI_") and name not in KEYS:
                near = _near(name)
                raise SettingError(name, f"There is no such key{near}" if near else suggestion(name, KEYS))
        self._file: Mapping[str, object] = {}
        self.config = Found(config_file, "--config", "command line") if config_file else self._path()
        if self.config is not None:
            self._file = _read_file(self.config)
            self._file_name = str(self.config.value)

    def find(self, name: str) -> Found | None:
        """The strongest place that sets ``name``.

        ``None`` in ``app.config`` and empty text in the environment are how a setting that is not there looks
        after ``os.environ.get`` and in a Compose file, and count as not there.
        """
        if self._app_config.get(name) is not None:
            return Found(self._app_config[name], name, "app.config")
        if self._environ.get(name):
            return Found(self._environ[name], name, "environment", text=True)
        in_file = KEYS[name].in_file
        if in_file is not None and in_file in self._file:
            return Found(self._file[in_file], in_file, f"file {self._file_name}")
        return None

    def warnings(self, used: frozenset[str]) -> tuple[str, ...]:
        """Names in the environment that look like ours and are none: orchestrators put names there.

        :param used: variables that a site's ``secret_env`` names.
        """
        return tuple(
            f"{name} in the environment is no setting{_near(name) or '.'}"
            for name in sorted(self._environ)
            if name.startswith("VAANI_") and name not in KEYS and name not in used
        )

    def _path(self) -> Found | None:
        found = self.find("VAANI_WIDGET_CONFIG")
        if found is None:
            return None
        if not isinstance(found.value, str | os.PathLike):
            raise found.refuse("Write the path of a TOML file.")
        return Found(Path(found.value), found.label, found.source)


def number(found: Found, *, whole: bool) -> object:
    """The value; of the environment's text, the number that it spells."""
    if not found.text or not isinstance(found.value, str):
        return found.value
    if whole:
        return int(found.value) if _WHOLE.fullmatch(found.value) else found.value
    return float(found.value) if _NUMBER.fullmatch(found.value) else found.value


def table(found: Found) -> object:
    """The value; of the environment's text, the JSON that it spells.

    :raises SettingError: it is no JSON.
    """
    if not found.text or not isinstance(found.value, str):
        return found.value
    try:
        return json.loads(found.value)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        at = "a number or a depth beyond reason"
    raise found.refuse(f"Write a JSON object here; it breaks at {at}.")


def _read_file(config: Found) -> Mapping[str, object]:
    path = Path(str(config.value))
    try:
        path = path.expanduser()
        # Editors on Windows begin a file with a byte order mark, which TOML does not know.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise config.refuse(f"{path} can't be read ({error.strerror}); name a TOML file.") from None
    except UnicodeDecodeError:
        raise config.refuse(f"{path} is not UTF-8; save it as UTF-8.") from None
    except (ValueError, RuntimeError):
        raise config.refuse("This is no path; name a TOML file.") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # Its message may quote the line, and with it a key: its position is enough.
        at = re.search(r"\(at ([^)]*)\)$", str(error))
        where = at[1] if at else "its end"
        raise config.refuse(f"{path} is not TOML at {where}; text stands in quotes.") from None
    except (ValueError, RecursionError):
        raise config.refuse(f"{path} holds a value beyond reason.") from None
    for name in content:
        if name not in IN_FILE:
            raise Found(None, _printable(name), f"file {path}").refuse(_file_remedy(name))
    return content


def _file_remedy(name: str) -> str:
    if name == "config" or name.upper() == "VAANI_WIDGET_CONFIG":
        return "A file can't name another file; leave it out."
    key = KEYS.get(name.upper())
    return f"There is no such key; in a file it is {key.in_file}." if key else suggestion(name, IN_FILE)


def _near(name: str) -> str:
    # Which of the two prefixes a key has is what people get wrong most.
    bare = name.removeprefix("VAANI_").removeprefix("WIDGET_").lower()
    near = IN_FILE[bare].name if bare in IN_FILE else nearest(name, KEYS)
    return f"; did you mean {near}?" if near else ""


def _printable(name: str) -> str:
    return name if name.isprintable() and name else json.dumps(name)
