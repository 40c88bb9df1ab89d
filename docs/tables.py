"""Writes the tables of README.md and of docs/ from the source's own lists: ``python docs/tables.py``.

A table stands between two comments, ``<!-- NAME: made by docs/tables.py -->`` and ``<!-- end -->``. A test
compares, so a table that is out of date fails.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from vaani_widget.errors import REFUSALS, UpstreamError
from vaani_widget.setting_keys import KEYS

ROOT = Path(__file__).resolve().parent.parent
ATTRIBUTES = ROOT / "widget_static" / "src" / "attributes.ts"
CALLS = ROOT / "vaani_widget" / "calls.py"
PAGES = [ROOT / "README.md", ROOT / "docs" / "errors.md", ROOT / "docs" / "security.md"]
TYPES = {"TEXT": "text", "BOOLEAN": "on or off", "NUMBER": "number", "JSON_OBJECT": "JSON"}

WHAT_TO_DO = {
    "internal_error": "Look into the server's log under the request's id.",
    "bad_request": "Developer: send what the route takes. With the widget as it is, this does not happen.",
    "token_invalid": "Reload the page. After a change of the secret key, pages that were open need it.",
    "token_expired": "Nothing: the widget takes a new one by itself.",
    "origin_not_allowed": "Owner: add the page's origin to the site's `origins`.",
    "agent_not_allowed": "Owner: add the agent to the site's `agents`, or take `agent` off the tag.",
    "grant_invalid": "Owner: sign grants with the site's own secret, `iss` being the site's key.",
    "grant_expired": "Reload the page. Owner: set `grant-url`, so that pages left open renew it.",
    "signed_visitors_only": "Visitor: sign in. Owner: hand out grants that name a visitor.",
    "consent_required": "Visitor: agree to the text that is shown.",
    "challenge_required": "Nothing: the widget solves it, or asks the page by `vaani-challenge`.",
    "challenge_failed": "Visitor: try again. Owner: a challenge of your own needs a listener on the page.",
    "site_not_found": "Owner: write a key from the server's table of sites into `data-site`.",
    "call_not_found": "Nothing: the call goes on without its record.",
    "not_found": "Developer: compare the path with the documentation.",
    "method_not_allowed": "Developer: compare the method with the documentation.",
    "token_spent": "Call again: every call takes a new token.",
    "body_too_large": "Owner: shorten the page's metadata.",
    "unsupported_media_type": "Developer: send JSON as `text/plain` or `application/json`.",
    "settings_invalid": "Owner: correct the setting that `field` names, on the page or in the grant.",
    "rate_limited": "Visitor: wait as long as `retry_after` says.",
    "site_busy": "Visitor: call again in a while. Owner: raise `limits.running`.",
    "budget_spent": "Visitor: come back tomorrow (UTC). Owner: raise `limits.site`.",
    "agent_not_found": "Owner: compare the agent's id or name with your account at Vaani.",
    "upstream_auth": "Owner: put the account's key into `VAANI_API_KEY`.",
    "upstream_rejected": "Owner: run `doctor`; look at the site's `call` and `locked` settings.",
    "upstream_invalid": "Owner: run `doctor`; is `VAANI_API_URL` Vaani's? The call may have begun.",
    "site_disabled": "Owner: set `enabled = true`.",
    "store_unavailable": "Owner: run `doctor`; the database can't be reached.",
    "upstream_balance": "Owner: top up the account at Vaani.",
    "upstream_limited": "Visitor: wait as long as `retry_after` says.",
    "upstream_unavailable": "Try again later. A request that was cut off may have been charged.",
    "upstream_timeout": "Try again later. The request may have been charged.",
}
"""By code: what a visitor, the site's owner or a developer does about it."""


WHAT_IS_CHECKED: dict[str, tuple[str, tuple[str, ...]]] = {
    "asked.body": (
        "The body: at most 16 KiB of JSON, no member twice",
        ("body_too_large", "unsupported_media_type", "bad_request"),
    ),
    "shapes.call_request": ("Its members have the right types", ("bad_request",)),
    "services.keyring.read_site_token": (
        "The site token: made by this server for this purpose, not over",
        ("token_invalid", "token_expired"),
    ),
    "services.site": ("The site is there", ("site_not_found",)),
    "checks.origin_is_the_tokens": (
        "The page's origin is the one the token was made for",
        ("origin_not_allowed",),
    ),
    "checks.origin_is_allowed": ("The site still allows this origin", ("origin_not_allowed",)),
    "checks.agent_is_the_sites": ("The agent is still one of the site's", ("agent_not_allowed",)),
    "checks.visitor_is_signed_where_required": (
        "Where the site asks for it, a grant has named the visitor",
        ("signed_visitors_only",),
    ),
    "checks.site_is_enabled": ("The site is switched on", ("site_disabled",)),
    "checks.visitor_consents": ("Where the site asks for it, the visitor has agreed", ("consent_required",)),
    "services.ledger.glance": ("The ledger answers: a first look at token and day", ("store_unavailable",)),
    "checks.token_is_unspent": ("The token is not spent yet", ("token_spent",)),
    "checks.challenge_is_solved": (
        "Where one is due, the challenge is solved; a refusal spends no token",
        ("challenge_required", "challenge_failed"),
    ),
    "checks.merged_settings": (
        "The call settings: what the page may not set is left out, the rest is right",
        ("settings_invalid", "grant_invalid"),
    ),
    "services.ledger.reserve": (
        "**One transaction** reserves the token, a call of the site's day, one in each of the visitor's "
        "windows and one of the running calls, or nothing at all",
        ("token_spent", "budget_spent", "rate_limited", "site_busy", "store_unavailable"),
    ),
    "call.vaani.start_call": (
        "One request to Vaani, never repeated, with no transaction open",
        tuple(code for code, error in REFUSALS.items() if issubclass(error, UpstreamError)),
    ),
    "settled": (
        "What came of it is written down; what certainly cost nothing is given back, but for the token",
        (),
    ),
}
"""By what ``start_call`` calls for it: a check, and the codes that it refuses with."""

NO_CHECKS = {
    "services.clock",
    "services.ledger.together",
    "_Call",
    "services.keyring.visitor_ids",
    "services.keyring.sign_call_token",
    "checks.today",
    "_log.info",
}
"""What else of ours is called there."""


def checks(name: str = "start_call") -> Iterator[str]:
    """What ``start_call`` calls, in the order in which it happens. A new check has to be described above."""
    module = ast.parse(CALLS.read_text("utf-8"))
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    for called in map(ast.unparse, _called(functions[name])):
        ours = called == "settled" or called.startswith(
            ("_", "checks.", "services.", "shapes.", "asked.", "call.vaani.")
        )
        if called == "_reserve":
            yield from checks(called)
        elif ours and called not in NO_CHECKS:
            yield called


def _called(node: ast.AST) -> Iterator[ast.expr]:
    """The functions that are called below, arguments first."""
    for child in ast.iter_child_nodes(node):
        yield from _called(child)
    if isinstance(node, ast.Call):
        yield node.func


def attributes() -> Iterator[tuple[str, str, str]]:
    """Name, type and meaning of every attribute; the source has them by their properties' names."""
    source = ATTRIBUTES.read_text("utf-8")
    kinds = "|".join(TYPES)
    for meaning, name, kind in re.findall(rf"/\*\* ([^\n]+) \*/\n\s+(\w+): ({kinds}),", source):
        yield re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", name), TYPES[kind], meaning


def _attributes() -> list[list[str]]:
    rows = [[f"`{name}`", kind, meaning] for name, kind, meaning in attributes()]
    return [["attribute", "type", "meaning"], *rows]


def _settings() -> list[list[str]]:
    rows = [
        [f"`{key.name}`", f"`{key.in_file}`" if key.in_file else "–", key.default, key.meaning]
        for key in KEYS.values()
    ]
    return [["setting", "in the file", "default", "meaning"], *rows]


def _errors() -> list[list[str]]:
    rows = [
        [f"`{code}`", str(error.status), error.title, " or ".join(error.spends), WHAT_TO_DO[code]]
        for code, error in sorted(REFUSALS.items(), key=lambda item: (item[1].status, item[0]))
    ]
    return [["code", "status", "what happened", "spent", "what to do"], *rows]


def _checks() -> list[list[str]]:
    rows = [
        [str(number), what, " ".join(f"`{code}`" for code in codes) or "–"]
        for number, (what, codes) in enumerate((WHAT_IS_CHECKED[name] for name in checks()), 1)
    ]
    return [["", "what", "else"], *rows]


TABLES: dict[str, Callable[[], list[list[str]]]] = {
    "attributes": _attributes,
    "settings": _settings,
    "errors": _errors,
    "checks": _checks,
}


def table(name: str) -> str:
    """The table as Markdown."""
    head, *rows = ([cell.replace("|", "\\|") for cell in row] for row in TABLES[name]())
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def renewed(text: str) -> str:
    """The page with every marked table made anew."""
    return re.sub(
        r"(<!-- (\w+): made by docs/tables\.py -->\n).*?(<!-- end -->)",
        lambda match: f"{match[1]}{table(match[2])}\n{match[3]}",
        text,
        flags=re.DOTALL,
    )


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(renewed(page.read_text("utf-8")), "utf-8")
