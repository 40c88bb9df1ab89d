"""What starting a call costs this server, beside the barest Flask view that forwards with httpx.

``POST /v1/calls`` with an upstream that answers at once. All contestants of a group are up at the same time
and take turns, so that a machine that is busy for a while is busy for all of them; medians over the rounds
are what is judged. Server, load and upstream share this machine's processors, so ratios are what holds
elsewhere.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

from tests.parts.postgres import PostgresServer, fresh_database

from . import calls_chart, calls_ledger
from .calls_load import Order, Seen
from .calls_served import Spec, site_key

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Plan:
    """How long, how often, how much."""

    workers: Sequence[int] = (1, 2, 4, 8)
    threads: int = 16
    connections: int = 32
    rounds: int = 5
    seconds: float = 4
    open_seconds: float = 15
    open_per_second: float = 20
    calls: int = 5_000_000
    sites: int = 100_000


QUICK = Plan(workers=(1, 2), rounds=3, seconds=1, open_seconds=3, calls=200_000, sites=10_000)


@dataclass
class Contestant:
    """One server of a group.

    :param database: ``sqlite``, ``postgres``, or none for the bare view.
    :param calls: in the ledger, before the run.
    """

    database: str | None
    workers: int
    sites: int = 1
    calls: int = 0
    ledger: str | None = None
    url: str = ""
    started: int = 0
    rounds: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        more = [f"{self.sites} sites"] * (self.sites > 1) + [f"{self.calls} calls"] * (self.calls > 0)
        return ", ".join([self.database or "bare", f"workers {self.workers}", *more])


class Run:
    """Everything that is up while it lasts."""

    def __init__(self, plan: Plan, folder: Path, stack: ExitStack) -> None:
        self.plan = plan
        self.folder = folder
        self.stack = stack
        self.seed = 0
        self.begun = time.time()
        self.upstream = stack.enter_context(upstream())
        self.ledgers: list[str] = []

    @cached_property
    def postgres(self) -> PostgresServer:
        return self.stack.enter_context(PostgresServer(durable=True))

    def ledger(self, database: str, calls: int) -> str:
        """A new one, with so many calls in it."""
        began = time.monotonic()
        if database == "sqlite":
            url = f"sqlite:///{self.folder / f'{len(self.ledgers)}.sqlite3'}"
        else:
            url = self.stack.enter_context(fresh_database(self.postgres))
        calls_ledger.make(url, calls, site_key(0))
        self.ledgers.append(url)
        if calls:
            say(f"{database}: {calls} calls written in {time.monotonic() - began:.0f} s")
        return url

    def group(self, contestants: Sequence[Contestant], *, open_too: bool) -> None:
        """Measure them in turns."""
        with ExitStack() as up:
            for each in contestants:
                each.ledger = self.ledger(each.database, each.calls) if each.database else None
                spec = Spec(self.upstream, each.workers, self.plan.threads, each.ledger, each.sites)
                each.url = up.enter_context(served(spec, self.folder / "log"))
            for each in contestants:  # first requests open connections and import what is imported late
                self._turn(each, "warm", 1)
            for _ in range(self.plan.rounds):
                for each in contestants:
                    self._turn(each, "closed", self.plan.seconds)
            for _ in range(self.plan.rounds if open_too else 0):
                for each in contestants:
                    self._turn(each, "open", self.plan.open_seconds, self.plan.open_per_second)

    def _turn(self, each: Contestant, loop: str, seconds: float, per_second: float | None = None) -> None:
        self.seed += 1
        order = Order(
            each.url, seconds, self.seed, self.plan.connections, per_second=per_second, sites=each.sites
        )
        before = stats(self.upstream)
        with calls_ledger.hanging_up(each.ledger):
            seen = load(order)
        after = stats(self.upstream)
        answers = len(seen.milliseconds) + seen.late
        asked = after["answered"] - before["answered"]
        if asked != answers:
            wrong = "; ".join(seen.wrong[:3]) or "nothing else"
            raise SystemExit(f"{each.name}: {answers} calls, {asked} at the upstream, and {wrong}")
        each.started += answers
        if loop == "warm":
            return
        figures = summary(seen) | {"upstream": (after["cpu"] - before["cpu"]) / seconds}
        each.rounds.setdefault(loop, []).append(figures)
        say(
            f"{each.name:<40}{loop:>7}{figures['rate']:>8.0f}/s"
            f"   p50 {figures['p50']:6.1f}   p99 {figures['p99']:6.1f} ms"
            + (f"   {len(seen.wrong)} refused: {seen.wrong[0]}" if seen.wrong else "")
        )

    def written(self, contestants: Sequence[Contestant]) -> None:
        """Every call that was answered is in its ledger, or the figures are of something else."""
        for each in contestants:
            found = each.started if each.ledger is None else calls_ledger.count(each.ledger, self.begun)
            if found != each.started:
                raise SystemExit(
                    f"{each.name}: {each.started} calls were answered, {found} are in the ledger"
                )


def plan_groups(plan: Plan) -> list[tuple[list[Contestant], bool]]:
    """By workers; then with many sites and with an old ledger, also at a rate that visitors may have."""
    databases = ("sqlite", "postgres")
    groups = [
        ([Contestant(None, workers), *(Contestant(name, workers) for name in databases)], False)
        for workers in plan.workers
    ]
    large: list[Contestant] = [Contestant(None, 2)]
    for name in databases:
        large += [
            Contestant(name, 2),
            Contestant(name, 2, sites=plan.sites),
            Contestant(name, 2, calls=plan.calls),
        ]
    return [*groups, (large, True)]


def measure(plan: Plan) -> dict[str, Any]:
    groups = plan_groups(plan)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vaani-widget-bench-")))
        if not calls_ledger.room_for(2 * plan.calls, folder):
            raise SystemExit(f"{folder} has no room for two ledgers of {plan.calls} calls; set TMPDIR.")
        run = Run(plan, folder, stack)
        alone = load(Order(run.upstream, 2, 0, plan.connections, status=200))
        for contestants, open_too in groups:
            run.group(contestants, open_too=open_too)
        everyone = [each for contestants, _ in groups for each in contestants]
        run.written(everyone)
    return {
        "machine": {
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            **{name: version(name) for name in ("flask", "gunicorn", "httpx", "sqlalchemy", "psycopg")},
        },
        "plan": asdict(plan),
        "upstream_alone": len(alone.milliseconds) / alone.seconds,
        "results": [
            {
                "group": number,
                "database": each.database or "bare",
                "workers": each.workers,
                "sites": each.sites,
                "calls": each.calls,
                "loop": loop,
                **{name: median(one[name] for one in rounds) for name in rounds[0]},
                "refused": sum(one["refused"] for one in rounds),
            }
            for number, (contestants, _) in enumerate(groups)
            for each in contestants
            for loop, rounds in each.rounds.items()
        ],
    }


def summary(seen: Seen) -> dict[str, float]:
    """Calls a second; milliseconds that half of them, and all but one in a hundred, took at most."""
    ordered = sorted(seen.milliseconds) or [seen.seconds * 1000]
    return {
        "rate": len(seen.milliseconds) / seen.seconds,
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[len(ordered) * 99 // 100],
        "refused": len(seen.wrong),
        "load": seen.busy,
    }


def load(order: Order) -> Seen:
    """Have the load made, in a process of its own."""
    command = [sys.executable, "-m", "bench.calls_load", order.line()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return Seen(**json.loads(done.stdout))


def stats(upstream: str) -> dict[str, float]:
    with urlopen(f"{upstream}/stats", timeout=10) as answer:
        found: dict[str, float] = json.load(answer)
    return found


@contextmanager
def upstream() -> Iterator[str]:
    command = [sys.executable, "-m", "bench.calls_upstream"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


@contextmanager
def served(spec: Spec, log: Path) -> Iterator[str]:
    """A server, with an environment that has nobody's settings in it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VAANI_")}
    with log.open("a") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.calls_served", spec.line()],
            cwd=ROOT,
            env=clean,
            stdout=subprocess.PIPE,
            stderr=lines,
            text=True,
        )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if line.startswith("Serving on "):
                break
        else:
            raise SystemExit(f"A server did not start:\n{log.read_text()[-2000:]}")
        yield line.split()[-1]
    finally:
        process.terminate()
        process.wait(40)
        process.stdout.close()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Prints the tables and what is judged; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(prog="bench calls", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes: shorter, and less in the ledger")
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    parser.add_argument(
        "--draw",
        type=Path,
        metavar="FILE",
        help="measure nothing: write the tables and the chart of the documentation from such a file",
    )
    asked = parser.parse_args(arguments)
    if asked.draw:
        calls_chart.write(json.loads(asked.draw.read_text("utf-8")))
        return 0
    results = measure(QUICK if asked.quick else Plan())
    if asked.out:
        asked.out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    print(calls_chart.tables(results))
    judged = calls_chart.judged(results)
    print(calls_chart.verdict(judged))
    return int(not all(one.held for one in judged))
