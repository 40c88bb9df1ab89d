"""Where npm fails there is no wheel and no install, and one sentence says why."""

from __future__ import annotations

from pathlib import Path

from tests.parts.packages import empty_venv, environment, run, try_pip


def expect_one_sentence(said: str, reason: str) -> None:
    assert "Traceback" not in said
    sentences = [line for line in said.splitlines() if "error: the front end could not be built" in line]
    assert len(sentences) == 1
    assert reason in sentences[0]
    # nothing else of npm's reaches the reader
    assert "npm error" not in said


def test_wheel_fails_where_npm_finds_no_lock_file(copy, tmp_path: Path) -> None:
    tree = copy("no-lock")
    (tree / "widget_static" / "package-lock.json").unlink()
    done = try_pip("wheel", "--no-deps", "-w", tmp_path, tree)
    assert done.returncode != 0
    expect_one_sentence(done.stdout + done.stderr, "EUSAGE")
    assert list(tmp_path.iterdir()) == []


def test_editable_install_fails_where_npm_reaches_nothing(copy, tmp_path: Path) -> None:
    python = empty_venv(tmp_path / "venv")
    offline = environment(
        npm_config_registry="http://127.0.0.1:9",
        npm_config_cache=str(tmp_path / "cache"),
        npm_config_fetch_retries="0",
    )
    done = try_pip("install", "--no-deps", "-e", copy("offline"), python=python, env=offline)
    assert done.returncode != 0
    expect_one_sentence(done.stdout + done.stderr, "ECONNREFUSED")
    assert run(python, "-c", "import vaani_widget").returncode != 0


def test_wheel_fails_where_a_source_is_broken(copy, tmp_path: Path) -> None:
    tree = copy("broken-source")
    with (tree / "widget_static" / "src" / "attributes.ts").open("a", encoding="utf-8") as source:
        source.write("\nexport const = ;\n")
    done = try_pip("wheel", "--no-deps", "-w", tmp_path, tree)
    assert done.returncode != 0
    expect_one_sentence(done.stdout + done.stderr, "attributes.ts")
    assert list(tmp_path.iterdir()) == []
