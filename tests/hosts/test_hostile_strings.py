"""Text from anyone reaches the page as text: attributes, names, settings and the owner's words, in bulk."""

from __future__ import annotations

import itertools
import json
from typing import Any

from tests.hosts.conftest import HERE, Host

WORK = "pwned(NUMBER)"
"""What each of them would do; the page counts it."""

SHAPES = [
    "<script>{0}</script>",
    "<img src=x onerror={0}>",
    "<svg onload={0}>",
    "<svg><script>{0}</script></svg>",
    '"><img src=x onerror={0}>',
    "'><img src=x onerror={0}>",
    '" onmouseover="{0}" x="',
    "' onfocus='{0}' autofocus '",
    "<iframe srcdoc='<script>parent.{0}</script>'>",
    "<iframe src=javascript:parent.{0}>",
    "javascript:{0}",
    "JaVaScRiPt:{0}",
    " java\tscript:{0}",
    "\x01javascript:{0}",
    "data:text/html,<script>{0}</script>",
    "<a href='javascript:{0}'>x</a>",
    "</style><script>{0}</script>",
    "</textarea><script>{0}</script>",
    "</title><script>{0}</script>",
    "<!--><script>{0}</script>-->",
    "<details open ontoggle={0}>",
    "<video><source onerror={0}>",
    "<body onload={0}>",
    "<input autofocus onfocus={0}>",
    "<style>@import 'javascript:{0}'</style>",
    "<math><mtext></p><img src=x onerror={0}>",
    "<template shadowrootmode=open><img src=x onerror={0}></template>",
    "red;background:url(javascript:{0})",
    "red}} .box {{ background: url('javascript:{0}')",
    "expression({0})",
    "${{{0}}}",
    "{{{{constructor.constructor('{0}')()}}}}",
    "`+{0}+`",
    "\u2028{0}\u2029",
    "\\u003cimg src=x onerror={0}\\u003e",
    "&lt;img src=x onerror={0}&gt;",
    "<object data='javascript:{0}'>",
    "<embed src='javascript:{0}'>",
    "<form action='javascript:{0}'><button>x</button></form>",
    "<meta http-equiv=refresh content='0;javascript:{0}'>",
    "<base href='javascript:{0}//'>",
    "vbscript:{0}",
]

PLACES = [
    "label", "accent-color", "avatar", "fallback-url", "locale", "position", "variant", "theme", "z-index",
    "offset-x", "site", "agent",
]  # fmt: skip

POLICY = "require-trusted-types-for 'script'; trusted-types 'none'"


def strings() -> list[str]:
    """504: each shape as often as there are places, and each says by its number which it is."""
    pairs = enumerate(itertools.product(SHAPES, PLACES))
    return [shape.format(WORK.replace("NUMBER", str(number))) for number, (shape, _) in pairs]


def test_five_hundred_strings_do_nothing(host: Host) -> None:
    """Into every attribute, into the owner's texts by every key, and the site's name and consent."""
    hostile = strings()
    assert len(hostile) >= 500
    keys = sorted(host_texts())

    def told(route: Any) -> None:
        answer = route.fetch()
        token = answer.json()
        each = itertools.cycle(hostile)
        token["site"]["name"] = hostile[1]
        token["site"]["consent"] = {"version": "1", "text": "\n".join(hostile)}
        token["site"]["text"] = {"en": {key: next(each) for key in keys}}
        token["site"]["look"] = {"avatar": hostile[10], "fallback_url": hostile[11], "label": hostile[0]}
        route.fulfill(response=answer, json=token)

    host.page.route("**/token", told)
    script = "<script>ran = []; pwned = (number) => ran.push(number);</script>"
    tag = '<script async src="$WIDGET/widget.js" data-site="shop"></script>'
    html = f'<!doctype html><html lang="en"><title>Shop</title>{script}<body>{tag}</body>'
    host.page.goto(host.put(html, {"Content-Security-Policy": POLICY}))
    host.ready()

    # Every attribute gets every string it has, on an element that is drawn.
    shown = host.run(
        """async ({ hostile, places }) => {
          const element = document.querySelector("vaani-widget");
          let shown = 0;
          for (const [number, text] of hostile.entries()) {
            const place = places[number % places.length];
            element.setAttribute(place, text);
            const label = element.shadowRoot.querySelector("[part=button]").textContent;
            if (place === "label" && label === text) shown++;
            if (place !== "label") element.removeAttribute(place);
          }
          element.removeAttribute("label");
          element.setAttribute("site", "shop");
          return shown;
        }""",
        {"hostile": hostile, "places": PLACES},
    )
    assert shown == len(SHAPES), "each of them stood on the button, letter by letter"

    # The panel: the owner's texts by every key.
    each = itertools.cycle(hostile)
    for number in range(0, len(hostile), len(keys)):
        texts = {"en": {key: next(each) for key in keys}}
        host.run(
            """async ({ texts, avatar, fallback }) => {
              const element = document.querySelector("vaani-widget");
              Object.assign(element, { texts, avatar, fallbackUrl: fallback });
              await element.open();
              await new Promise(requestAnimationFrame);
            }""",
            {"texts": texts, "avatar": hostile[number], "fallback": hostile[(number + 7) % len(hostile)]},
        )
    host.run("document.querySelector('vaani-widget').texts = null")
    host.run("() => void document.querySelector('vaani-widget').start().catch(() => {})")
    host.until("document.querySelector('vaani-widget').shadowRoot.textContent.includes('<svg onload=pwned')")
    root = "document.querySelector('vaani-widget').shadowRoot"
    links = host.run(f"[...{root}.querySelectorAll('a')].map((link) => link.href)")
    assert [link for link in links if not link.startswith(("https://", "http://", "tel:", "mailto:"))] == []
    host.run("() => new Promise((done) => setTimeout(done, 200))")
    assert host.run("ran") == []
    assert host.run("seen.violations") == []
    assert host.errors == []


def host_texts() -> set[str]:
    """The keys that an owner can replace."""
    folder = HERE.parents[1] / "widget_static/locales"
    return {key for path in folder.rglob("en.json") for key in json.loads(path.read_text("utf-8"))}
