"""The commands, once for both their names: ``flask vaani …`` in an app, ``vaani-widget …`` without one."""

from __future__ import annotations

import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import Flask
from flask.cli import ScriptInfo

from .errors import ConfigurationError, StoreUnavailable
from .logs import LogFormat

if TYPE_CHECKING:
    from .spending import Format

_CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The TOML file with the settings; VAANI_WIDGET_CONFIG where absent.",
)


_DAY = click.DateTime(formats=["%Y-%m-%d"])


class _Misconfigured(click.ClickException):
    exit_code = 2


_WITHOUT_AN_APP = {
    "serve": "The widget is served by this app, as all of it is, with `flask run` or what you run it with; "
    "the server without an app is `vaani-widget serve`.",
    "demo": "The demo brings its own shop and server and looks at no app: run `vaani-widget demo`.",
}
"""Commands that never look at the app, and what ``flask vaani`` says instead of running them."""


class _Group(click.Group):
    """What is configured wrongly ends a command with one line, not with a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = super().list_commands(ctx)
        return [name for name in names if not (_in_an_app(ctx) and name in _WITHOUT_AN_APP)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if _in_an_app(ctx) and args and args[0] in _WITHOUT_AN_APP:
            raise _Misconfigured(_WITHOUT_AN_APP[args[0]])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            raise _Misconfigured(" ".join(str(error).split())) from None


@click.group("vaani", cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("vaani-widget"), message="vaani-widget %(version)s")
def group() -> None:
    """A "Talk to agent" button for websites."""


@group.command()
@_CONFIG
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one."
)
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Processes.")
@click.option(
    "--threads", type=click.IntRange(1), default=16, show_default=True, help="Threads of each process."
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="A line of text for each event, or a JSON object.",
)
def serve(
    config: Path | None, host: str, port: int, workers: int, threads: int, log_format: LogFormat
) -> None:
    """Run the widget as a server of its own, for one site or many."""
    from . import logs, server
    from .doctor import warn_at_start
    from .standalone import create_app

    logs.to_stderr(log_format, everything=True)
    say = click.echo if log_format == "text" else logs.say

    def load() -> Flask:
        app = create_app(config)
        warn_at_start(app, say)
        return app

    server.run(load, host=host, port=port, workers=workers, threads=threads, say=say)


@group.command()
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for machines.")
@click.pass_context
def doctor(ctx: click.Context, config: Path | None, as_json: bool) -> None:
    """Look for what is wrong or missing, and say what to do about each. Costs nothing; starts no call."""
    from .doctor import examine
    from .findings import as_dict, as_table

    findings = examine(lambda: _app(ctx, config))
    report = as_dict(findings)
    click.echo(json.dumps(report, indent=2, ensure_ascii=False) if as_json else as_table(findings))
    ctx.exit(0 if report["ok"] else 1)


@group.command()
@_CONFIG
@click.option("--since", type=_DAY, metavar="DATE", help="The first UTC day, as YYYY-MM-DD.")
@click.option("--until", type=_DAY, metavar="DATE", help="The last UTC day; today where absent.")
@click.option(
    "--days", type=click.IntRange(1), metavar="N", help="How many days up to the last; 7 where absent."
)
@click.option("--site", "sites", multiple=True, metavar="KEY", help="Only this site; may be repeated.")
@click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True
)
@click.pass_context
def ledger(
    ctx: click.Context,
    config: Path | None,
    since: datetime | None,
    until: datetime | None,
    days: int | None,
    sites: tuple[str, ...],
    form: Format,
) -> None:
    """What each site spent on each UTC day, to hold against Vaani's bill.

    spent: Vaani answered, and the call is over.  running: it is not over yet.  released: Vaani certainly
    charged nothing.  counted: against the day's budget; that is spent, running and unknown together.

    unknown: nobody here can tell whether Vaani charged. Either the way to Vaani failed in the middle, or the
    call was reserved and nothing more was ever written down of it, as where a worker was killed; such a call
    counts as unknown once its time is over. The bill decides.
    """
    from sqlalchemy import make_url

    from . import spending
    from .doctor_checks import database_reason, database_remedy
    from .web.state import current_state

    try:
        asked = spending.span(since and since.date(), until and until.date(), days)
        with _app(ctx, config).app_context():
            services = current_state().services
            report = spending.read(services, asked, sites)
    except spending.NotAsked as error:
        raise click.UsageError(str(error), ctx) from None
    except StoreUnavailable as error:
        remedy = database_remedy(make_url(services.database_url), error)
        reason = database_reason(error)
        told = remedy if reason == error.detail else f"{reason} {remedy}"
        raise click.ClickException(f"The ledger can't be read. {told}") from None
    click.echo(spending.write(report, form))
    if form != "table" and not report.days:
        click.echo(report.words, err=True)


@group.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def demo(arguments: tuple[str, ...]) -> None:
    """Run a whole call on this machine: a shop, this server, LiveKit, an agent. No key, no account."""
    try:
        from .demo import run
    except ImportError as error:
        raise ConfigurationError(
            f"the demo needs the extra [demo] ({error.name} is missing): pip install 'vaani-widget[demo]'."
        ) from None
    run.main(list(arguments))


def _in_an_app(ctx: click.Context) -> bool:
    """Whether it is ``flask vaani``."""
    return ctx.find_object(ScriptInfo) is not None


def _app(ctx: click.Context, config: Path | None) -> Flask:
    """The host's app under ``flask vaani``; a server of its own where there is none, or with ``--config``."""
    info = ctx.find_object(ScriptInfo)
    if info is not None and config is None:
        return info.load_app()
    from .standalone import create_app

    return create_app(config)


def main() -> None:
    group(prog_name="vaani-widget")
