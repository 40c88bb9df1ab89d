"""``docs/grants.md`` is right: its programs make grants that start calls, whatever the language."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_login import LoginManager, UserMixin, login_user

from tests.server.conftest import AGENT, SECRET, SITES, Kit, MakeKit, is_problem
from tests.server.test_embedding import tag
from vaani_widget.errors import GrantInvalid
from vaani_widget.grants import GRANT_SECONDS
from vaani_widget.site_secrets import parse_secrets
from vaani_widget.tables import Table
from vaani_widget.tokens import Grant, read_grant

PAGE = (Path(__file__).parents[2] / "docs/grants.md").read_text("utf-8")
PROGRAMS = {
    "grant.php": ("php", "php"),
    "grant.mjs": ("js", "node"),
    "grant.rb": ("ruby", "ruby"),
    "grant.py": ("python", sys.executable),
}
"""By file: the language of the code block and what runs it."""

HINDI = "सोना"
HARD = "ÿ>>?? नमस्ते 🙏 a/b+c"
"""Its bytes make characters that base64 and base64url write differently; one of its characters takes two
units of UTF-16."""


def program(name: str) -> str:
    language, _ = PROGRAMS[name]
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    (code,) = [code for code in blocks if name in code.splitlines()[0]]
    return str(code)


def printed(name: str, code: str, folder: Path, **environ: str) -> str:
    """What the program prints, on a machine that says nothing of its language."""
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = shutil.which(PROGRAMS[name][1], path=places)
    assert command, f"{PROGRAMS[name][1]} is missing; `make system` installs it"
    (folder / name).write_text(code, "utf-8")
    done = subprocess.run(
        [command, name],
        cwd=folder,
        env={"PATH": places, "LC_ALL": "C", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.mark.parametrize("plan", [HINDI, HARD], ids=["Hindi", "hard"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_grant_of_the_documentation_starts_a_call(kit: Kit, tmp_path: Path, name: str, plan: str) -> None:
    code = program(name)
    assert HINDI in code
    grant = printed(name, code.replace(HINDI, plan), tmp_path, ACME_SECRET=SECRET)
    kit.clock.now = time.time()
    read = read_grant(grant, site="acme", secrets=[SECRET.encode()], now=kit.clock.now)
    assert read == Grant("visitor-7", {"primary_language": "hi"}, {"plan": plan})
    token = kit.token(grant=grant)
    started = kit.call(token, settings={"primary_language": "en"}, metadata={"plan": "free"})
    assert started.status_code == 201
    assert kit.vaani.bodies == [{"agent_id": AGENT, "primary_language": "hi", "metadata": {"plan": plan}}]
    if plan == HARD:
        assert set("-_") & set(grant), "base64url, and not base64, is what was tried"
    kit.clock.now += GRANT_SECONDS + 60
    is_problem(kit.mint(grant=grant), "grant_expired", 403)


@pytest.mark.parametrize("name", PROGRAMS)
def test_with_another_secret_it_starts_none(kit: Kit, tmp_path: Path, name: str) -> None:
    kit.clock.now = time.time()
    grant = printed(name, program(name), tmp_path, ACME_SECRET="y" * 32)
    is_problem(kit.mint(grant=grant), "grant_invalid", 403)


def test_the_programs_are_about_ten_lines_of_the_languages_own() -> None:
    for name in ("grant.php", "grant.mjs", "grant.rb"):
        function = program(name).split("\n\n")
        assert max(len(part.splitlines()) for part in function) <= 10
        imported = set(re.findall(r"(?:require|from) \"([\w:]+)\"", program(name)))
        assert imported <= {"node:crypto", "json", "openssl"}


def test_the_loader_of_the_documentation(make_kit: MakeKit, tmp_path: Path) -> None:
    class User(UserMixin):
        id, plan = "7", HINDI

    (code,) = re.findall(r"^```python\n(# app\.py\n.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    app = Flask("documented", instance_path=str(tmp_path / "i"))
    app.config.update(
        SECRET_KEY="h" * 32,
        VAANI_API_KEY="vaani_x",
        VAANI_WIDGET_SITES={"acme": SITES["acme"]},
        VAANI_WIDGET_DATABASE_URL=f"sqlite:///{tmp_path}/l.sqlite3",
    )
    LoginManager(app).user_loader(lambda _: User())
    exec(compile(code, "grants.md", "exec"), {"app": app})
    app.add_url_rule("/", "home", lambda: render_template_string("<p>{{ vaani_widget() }}"))
    app.add_url_rule("/login", "login", lambda: str(login_user(User())))
    client = app.test_client()
    url: Any = tag(client.get("/"))["data-grant-url"]
    assert client.get(url).status_code == 204
    client.get("/login")
    given = client.get(url).get_json()["grant"]
    read = read_grant(given, site="acme", secrets=[SECRET.encode()], now=time.time())
    assert (read.sub, read.metadata) == ("7", {"plan": HINDI})


def test_the_tag_of_the_documentation(kit: Kit) -> None:
    (code,) = re.findall(r"^(\{\{ vaani_widget\(visitor.*)$", PAGE, re.MULTILINE)
    user = {"id": 7, "plan": HINDI}
    call = code.replace("vaani_widget(", "vaani_widget('acme', ")
    kit.app.add_url_rule("/page", "page", lambda: render_template_string(f"<p>{call}", user=user))
    page = kit.client.get("/page")
    read = read_grant(tag(page)["data-grant"], site="acme", secrets=[SECRET.encode()], now=kit.clock.now)
    assert read == Grant("7", {"primary_language": "hi"}, {"plan": HINDI})
    assert page.headers["Cache-Control"] == "private, no-store"


def test_the_secret_changes_as_the_documentation_says(tmp_path: Path) -> None:
    """Step by step, with its own lines: at no moment is a visitor refused, and afterwards the old one is."""
    new, old = "n" * 32, "o" * 32
    steps = re.findall(r"`ACME_SECRET='(\[.*?\])'`", PAGE)
    assert steps == ['["NEW", "OLD"]', '["NEW"]']
    table = Table("sites.acme", {"secret_env": "ACME_SECRET"})

    def taken(written: str, by: str) -> bool:
        written = written.replace("NEW", new).replace("OLD", old)
        grant = printed("grant.py", program("grant.py"), tmp_path, ACME_SECRET=by)
        try:
            read_grant(
                grant, site="acme", secrets=parse_secrets(table, {"ACME_SECRET": written}), now=time.time()
            )
        except GrantInvalid:
            return False
        return True

    both, only = steps
    assert [taken(old, old), taken(both, old), taken(both, new), taken(only, new)] == [True] * 4
    assert not taken(only, old)
