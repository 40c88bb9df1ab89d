"""The components of docs/frameworks.md as written there: rendered on a server, hydrated, remounted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.hosts.conftest import HERE, Host, component

NAMES = {"react": "tsx", "vue": "vue", "svelte": "svelte"}
"""Those that are rendered on a server, too."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``react.js``, ``react.html`` and so on."""
    folder = tmp_path_factory.mktemp("frameworks")
    for ending in NAMES.values():
        (folder / f"assistant.{ending}").write_text(component(ending), "utf-8")
    (folder / "assistant.angular.ts").write_text(component("typescript"), "utf-8")
    path = f"{HERE.parents[1] / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["node", str(HERE / "build.mjs"), str(folder)],
        env={**os.environ, "PATH": path}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def show(host: Host, built: Path, name: str, *, rendered: bool, widget_first: bool) -> list[str]:
    """Puts the component on a page, waits for widget and framework, and gives what the console is told."""
    told: list[str] = []
    host.page.on("console", lambda message: told.append(message.text))
    app = host.put((built / f"{name}.js").read_text("utf-8"), {"Content-Type": "text/javascript"})
    html = (built / f"{name}.html").read_text("utf-8") if rendered else ""
    page = f'<!doctype html><html lang="en"><title>Shop</title><body><div id="{name}">{html}</div>'
    host.page.goto(host.put(page))
    if rendered:
        host.page.evaluate("() => { window.rendered = document.querySelector('vaani-widget'); }")
    framework = f"import('{app}')"
    script = f"""new Promise((done) => {{
        const script = document.createElement("script");
        script.src = "{host.server}/vaani/widget.js";
        script.onload = done;
        document.head.append(script);
    }})"""
    for step in [script, framework] if widget_first else [framework, script]:
        host.page.evaluate(f"() => {step}.then(() => {{}})")
    host.page.wait_for_function(
        "() => document.querySelector('#' + name + ' vaani-widget')".replace("name", repr(name))
    )
    host.ready()
    return told


@pytest.mark.parametrize("widget_first", [True, False], ids=["widget-first", "framework-first"])
@pytest.mark.parametrize("name", NAMES)
def test_hydration_leaves_the_element_alone(host: Host, built: Path, name: str, widget_first: bool) -> None:
    told = show(host, built, name, rendered=True, widget_first=widget_first)
    host.until("document.querySelector('vaani-widget').metadata?.plan === 'free'")
    widget = "document.querySelector('vaani-widget')"
    assert host.run("document.querySelectorAll('vaani-widget').length") == 1
    assert host.run(f"{widget} === rendered"), "it is the one that the server rendered"
    properties = host.run(
        f"(({{ site, accentColor, transcript }}) => [site, accentColor, transcript])({widget})"
    )
    assert properties == ["shop", "#0a7c5a", False]
    host.run(f"{name}.set('paid')")
    host.until(f"{widget}.metadata.plan === 'paid'")
    assert [line for line in told if "vaani" in line or "ydrat" in line] == []
    assert host.errors == []


@pytest.mark.parametrize("widget_first", [True, False], ids=["widget-first", "framework-first"])
def test_angular_sets_attributes_and_properties(host: Host, built: Path, widget_first: bool) -> None:
    told = show(host, built, "angular", rendered=False, widget_first=widget_first)
    widget = "document.querySelector('vaani-widget')"
    host.until(f"{widget}.metadata?.plan === 'free'")
    assert host.run("document.querySelectorAll('vaani-widget').length") == 1
    properties = host.run(
        f"(({{ site, accentColor, transcript }}) => [site, accentColor, transcript])({widget})"
    )
    assert properties == ["shop", "#0a7c5a", False]
    host.run("angular.set('paid')")
    host.until(f"{widget}.metadata.plan === 'paid'")
    assert [line for line in told if "vaani" in line or "NG0" in line] == []
    assert host.errors == []


@pytest.mark.parametrize("name", [*NAMES, "angular"])
def test_a_call_outlives_the_component_and_the_next_one_takes_it_in(
    host: Host, built: Path, name: str
) -> None:
    show(host, built, name, rendered=False, widget_first=False)
    host.call()
    host.until("document.querySelector('output').textContent === 'listening'")
    assert host.run("room.options.on && !seen.events.some(event => event.name === 'vaani-call-end')")
    host.run(f"{name}.unmount()")
    host.until("document.querySelector('html > vaani-widget')?.shadowRoot.querySelector('[part=bar]')")
    host.run(f"{name}.mount()")
    host.until(
        f"document.querySelector('#{name} vaani-widget')?.shadowRoot.querySelector('[part=bar],[part=panel]')"
        " && document.querySelectorAll('vaani-widget').length === 1"
    )
    host.run("room.options.on.agentState('thinking')")
    host.until("document.querySelector('output').textContent === 'thinking'")
    host.hang_up()
    assert host.errors == []
