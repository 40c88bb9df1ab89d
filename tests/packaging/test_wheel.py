"""The wheel has all that a server needs, and serves it."""

from __future__ import annotations

import json
import subprocess
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path

from tests.parts.packages import environment, names, run, try_pip

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def serving(python: Path, folder: Path, *arguments: str):
    """The address and the lines of `vaani-widget serve` on a free port; ended when the block ends."""
    command = [python.parent / "vaani-widget", "serve", "--port", "0", "--workers", "1", *arguments]
    settings = environment(VAANI_API_KEY="vaani_0", VAANI_AGENT="a", PYTHONUNBUFFERED="1")
    process = subprocess.Popen(
        command, cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    )
    try:
        said = []
        for line in process.stdout:
            said.append(line)
            if "Serving on " in line:
                break
        assert said, "it said nothing"
        assert "Serving on " in said[-1], said
        yield said[-1].split()[-1], said
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_wheel_carries_bundle_templates_and_types(wheel: Path, built_tree: Path) -> None:
    inside = names(wheel)
    static = built_tree / "widget_static"
    bundle = {
        f"vaani_widget/widget_static/{path.relative_to(static).as_posix()}"
        for path in (static / "dist").rglob("*")
        if path.is_file()
    }
    assert len(bundle) > 12
    assert bundle <= inside
    templates = {
        f"vaani_widget/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "templates").rglob("*.html")
    }
    assert templates
    assert templates <= inside
    package = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "vaani_widget").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package - inside == set()
    assert "vaani_widget/py.typed" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)


def test_wheel_carries_nothing_else(wheel: Path) -> None:
    foreign = {"node_modules", "tests", "src", "locales", "package.json", "docs"}
    assert [name for name in names(wheel) if foreign & set(name.split("/"))] == []


def test_every_script_of_the_manifest_is_in_the_wheel(wheel: Path) -> None:
    folder = "vaani_widget/widget_static/dist"
    with zipfile.ZipFile(wheel) as archive:
        manifest = json.loads(archive.read(f"{folder}/manifest.json"))
    chunks = [f"{folder}/assets/{name}" for name in manifest.values() if isinstance(name, str)]
    assert {"panel", "livekit", "en", "hi", "bn", "ta", "ur", "es"} <= set(manifest)
    wanted = {
        f"{script}{packed}" for script in [f"{folder}/widget.js", *chunks] for packed in ("", ".br", ".gz")
    }
    assert wanted <= names(wheel)


def test_loader_is_served_from_the_installed_wheel(installed: Path, built_tree: Path, tmp_path: Path) -> None:
    built = built_tree / "widget_static" / "dist"
    with serving(installed, tmp_path) as (address, _):
        with urllib.request.urlopen(f"{address}/vaani/widget.js", timeout=10) as answer:
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert answer.read() == (built / "widget.js").read_bytes()
        panel = json.loads((built / "manifest.json").read_text("utf-8"))["panel"]
        wanted = urllib.request.Request(f"{address}/vaani/assets/{panel}", headers={"Accept-Encoding": "br"})
        with urllib.request.urlopen(wanted, timeout=10) as answer:
            assert answer.headers["Content-Encoding"] == "br"
            assert answer.read() == (built / "assets" / f"{panel}.br").read_bytes()
        with urllib.request.urlopen(f"{address}/vaani/readyz", timeout=10) as answer:
            assert answer.status == 200


def test_a_public_address_asks_for_a_proxy_in_front(installed: Path, tmp_path: Path) -> None:
    with serving(installed, tmp_path, "--host", "0.0.0.0") as (address, said):
        assert "Without a proxy in front" in "".join(said)
        here = address.replace("0.0.0.0", "127.0.0.1")
        # A worker that is told to end while it is made ends only after all of its grace.
        with urllib.request.urlopen(f"{here}/vaani/healthz", timeout=10) as answer:
            assert answer.status == 200


def test_demo_without_its_extra_is_one_sentence(installed: Path) -> None:
    done = run(installed.parent / "vaani-widget", "demo")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "pip install 'vaani-widget[demo]'" in done.stderr


def test_a_wrong_setting_is_one_line_and_status_2(installed: Path, tmp_path: Path) -> None:
    config = tmp_path / "widget.toml"
    config.write_text('[sites.acme]\norigin = ["https://www.acme.com"]\nagents = ["a"]\n')
    done = run(
        installed.parent / "vaani-widget",
        "serve",
        "--config",
        config,
        env=environment(VAANI_API_KEY="vaani_0"),
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "sites.acme.origin" in done.stderr
    assert "origins" in done.stderr


def test_core_brings_no_server_and_no_demo(installed: Path) -> None:
    listed = {
        line.split("==")[0].lower()
        for line in try_pip("list", "--format=freeze", python=installed).stdout.split()
    }
    assert {"flask", "flask-cors", "httpx", "pyjwt", "sqlalchemy", "limits"} <= listed
    assert not {"livekit-agents", "altcha", "prometheus-client", "psycopg", "pytest", "numpy"} & listed
