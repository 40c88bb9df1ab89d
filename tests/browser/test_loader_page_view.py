"""What a page view gets: one button, for one request, whatever the page is like."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Window

MODULE = 'type="module"'


def test_one_request_and_nothing_minted(window: Window) -> None:
    window.show(window.tag(site="shop"))
    expect(window.launcher).to_have_text("Talk to agent")
    window.page.wait_for_load_state("networkidle")
    assert [request.url for request in window.asked("")] == [f"{window.server}/vaani/widget.js"]
    others = [r.url for r in window.requests if not r.url.startswith((window.server, window.pages.origin))]
    assert others == []


def test_page_view_leaves_nothing_running(window: Window) -> None:
    spy = """<script>
      window.timers = 0;
      for (const name of ["setTimeout", "setInterval", "requestAnimationFrame", "requestIdleCallback"]) {
        const real = window[name];
        window[name] = (...given) => { timers++; return real(...given); };
      }
      window.observers = 0;
      for (const name of ["MutationObserver", "ResizeObserver", "IntersectionObserver"])
        window[name] = class extends window[name] { constructor(f) { super(f); observers++; } };
    </script>"""
    window.show(window.tag(site="shop"), head=spy)
    expect(window.launcher).to_be_visible()
    assert window.page.evaluate("[timers, observers]") == [0, 0]


def test_element_is_a_child_of_html(window: Window) -> None:
    window.show(window.tag(site="shop"))
    window.ready()
    assert window.element("widget => widget.parentNode === document.documentElement")
    assert window.element("widget => widget.shadowRoot.mode") == "open"
    # a fixed box in a transformed body would scroll away with it
    window.page.evaluate("document.body.style.transform = 'translateX(300px)'")
    assert window.element("w => w.shadowRoot.querySelector('button').getBoundingClientRect().right") <= 1280


def test_same_tag_twice_makes_one_button(window: Window) -> None:
    window.show(
        window.tag(site="shop") + window.tag(site="shop") + window.tag("/widget.js?again", site="shop")
    )
    window.page.wait_for_load_state("networkidle")
    window.ready(1)


def test_two_sites_make_two_buttons(window: Window) -> None:
    window.show(window.tag(site="shop") + window.tag("/sites/desk/widget.js"))
    window.ready(2)
    keys = window.page.evaluate(
        "[...document.querySelectorAll('vaani-widget')].map(widget => widget.site).sort()"
    )
    assert keys == ["desk", "shop"]
    assert window.page.get_by_role("button", name="Ask the desk").is_visible()


def test_tag_without_site_is_the_default_site(window: Window) -> None:
    window.show(window.tag())
    window.ready()
    assert window.element("widget => widget.siteKey") == "default"


@pytest.mark.parametrize("tag_site", ["shop", None])
def test_no_button_beside_one_that_the_page_has(window: Window, tag_site: str | None) -> None:
    tag = window.tag(site=tag_site) if tag_site else window.tag()
    window.show(f"<vaani-widget site=shop label=Mine></vaani-widget>{tag}")
    expect(window.launcher).to_have_text("Mine")
    window.ready(1)


@pytest.mark.parametrize("tag_site", ["shop", None])
def test_button_gives_way_to_one_that_the_page_writes_later(window: Window, tag_site: str | None) -> None:
    window.show(window.tag(site=tag_site) if tag_site else window.tag())
    window.ready()
    window.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<vaani-widget site=shop label=Mine>')"
    )
    expect(window.launcher).to_have_text("Mine")
    window.ready(1)


def test_page_may_write_two_of_the_same_site(window: Window) -> None:
    window.show("<vaani-widget site=shop></vaani-widget>" * 2 + window.tag(site="shop"))
    expect(window.launcher.first).to_be_visible()
    window.ready(2)


def test_module_finds_its_tag(window: Window) -> None:
    # Fathom's tag has a data-site, too
    other = '<script src="/fathom.js" data-site="ABCDEFG" defer></script>'
    window.show(other + window.tag(kind=MODULE, site="shop", label="From a module"))
    expect(window.launcher).to_have_text("From a module")
    assert window.element("widget => widget.site") == "shop"


def test_module_that_serves_two_tags(window: Window) -> None:
    window.show(window.tag(kind=MODULE, site="shop") + window.tag(kind=MODULE, site="desk"))
    window.ready(2)


def test_module_of_a_site_needs_no_attribute(window: Window) -> None:
    window.show(window.tag("/sites/desk/widget.js", kind=MODULE))
    expect(window.launcher).to_have_text("Ask the desk")


@pytest.mark.parametrize("kind", ["", "async", "defer"])
def test_in_the_head_and_however_loaded(window: Window, kind: str) -> None:
    window.show("<p>Text", head=window.tag(kind=kind, site="shop"))
    expect(window.launcher).to_be_visible()
    assert window.page.evaluate("document.body.parentNode === document.documentElement")


def test_injected_by_a_tag_manager(window: Window) -> None:
    window.show("<p>Text")
    window.page.evaluate(
        """src => { const script = document.createElement('script');
          Object.assign(script, { src, async: true }); script.dataset.site = 'shop';
          document.head.append(script); }""",
        f"{window.server}/vaani/widget.js",
    )
    expect(window.launcher).to_be_visible()
    assert window.element("widget => widget.site") == "shop"


def test_body_swapped_as_client_side_navigation_does(window: Window) -> None:
    window.show("<h1>One</h1>" + window.tag(site="shop"))
    window.ready()
    window.page.evaluate(
        """src => {
      const body = document.createElement('body');
      const script = document.createElement('script');
      script.src = src; script.dataset.site = 'shop';
      body.append('Two', script);
      window.first = document.querySelector('vaani-widget');
      return new Promise(resolve => { script.onload = resolve; document.body.replaceWith(body); });
    }""",
        f"{window.server}/vaani/widget.js",
    )
    window.ready(1)
    assert window.element("widget => widget === first && first.isConnected")
    expect(window.launcher).to_be_visible()


def test_base_href_leads_nobody_astray(window: Window) -> None:
    window.show(window.tag(site="shop"), head='<base href="https://elsewhere.example/deep/">')
    with window.page.expect_response("**/v1/sites/shop/token") as answer:
        window.launcher.dispatch_event("pointerdown")
    assert answer.value.status == 201
    assert all("elsewhere.example" not in request.url for request in window.requests)


def test_image_that_calls_itself_the_current_script(window: Window) -> None:
    """Markup that a site lets others write must not say where code comes from."""
    image = '<img name="currentScript" src="https://evil.example/widget.js" data-site="evil">'
    window.show(image + window.tag(site="shop"))
    window.ready()
    assert window.element("widget => widget.site") == "shop"
    with window.page.expect_response(f"{window.server}/vaani/assets/panel-*"):
        window.launcher.dispatch_event("pointerdown")
    assert {request.url for request in window.requests if "evil" in request.url} <= {
        "https://evil.example/widget.js"
    }


HOSTILE = """<style>
  * { all: unset !important; }
  html > *, button, div, span, vaani-widget, [part] { font: 90px/3 serif !important; color: red !important;
    transform: rotate(9deg) !important; pointer-events: none !important; visibility: hidden !important }
</style>"""


def test_hostile_styles_change_nothing(window: Window) -> None:
    look = """widget => {
      const box = widget.shadowRoot.querySelector('button');
      const { width, height, x, y } = box.getBoundingClientRect();
      const { color, font, visibility, cursor } = getComputedStyle(box);
      return [width, height, x, y, color, font, visibility, cursor];
    }"""
    window.show(window.tag(site="shop"))
    window.ready()
    calm = window.element(look)
    window.show(window.tag(site="shop"), head=HOSTILE)
    window.ready()
    assert window.element(look) == calm


def test_page_can_hide_it(window: Window) -> None:
    window.show(window.tag(site="shop"), head="<style>vaani-widget { display: none }</style>")
    window.ready()
    expect(window.launcher).to_be_hidden()


def test_meddled_object_prototype(window: Window) -> None:
    meddle = """<script>
      for (const name of ["label", "site", "server", "look", "text", "en", "hi", "position", "grant", "key"])
        Object.prototype[name] = "MEDDLED";
      Object.prototype.each = function () {};
    </script>"""
    for path in ("/widget.js", "/sites/desk/widget.js"):
        window.show(window.tag(path, site="desk", variant="compact"), head=meddle)
        window.ready()
        expect(window.launcher).to_be_visible()
        assert "MEDDLED" not in window.element(
            "widget => widget.outerHTML + widget.shadowRoot.querySelector('button').textContent"
        )
        assert window.element("widget => widget.site") == "desk"


def test_not_on_paper(window: Window) -> None:
    window.show(window.tag(site="shop"))
    expect(window.launcher).to_be_visible()
    window.page.emulate_media(media="print")
    expect(window.launcher).to_be_hidden()


def test_seen_in_forced_colors(open_window: Callable[..., Window]) -> None:
    window = open_window(forced_colors="active")
    window.show(window.tag(site="shop"))
    window.ready()
    border, background = window.element("""widget => {
      const { borderTopColor, backgroundColor } = getComputedStyle(widget.shadowRoot.querySelector('button'));
      return [borderTopColor, backgroundColor];
    }""")
    assert border != background
    # the icon, too: the middle of the round button is not of one color
    window.show(window.tag(site="shop", variant="compact"))
    window.ready()
    seen = numpy.asarray(Image.open(io.BytesIO(window.launcher.screenshot())).convert("L"), dtype=int)
    middle = seen[16:40, 16:40]
    assert (abs(middle - middle[0, 0]) > 100).mean() > 0.1


def test_room_for_a_finger_and_a_ring_for_the_keyboard(window: Window) -> None:
    for variant in ("button", "compact"):
        window.show(window.tag(site="shop", variant=variant))
        box = window.launcher.bounding_box()
        assert box
        assert box["width"] >= 44
        assert box["height"] >= 44
        window.page.keyboard.press("Tab")
        assert window.element("widget => widget.shadowRoot.activeElement.localName") == "button"
        style = window.element("widget => getComputedStyle(widget.shadowRoot.activeElement).outlineStyle")
        assert style != "none"
        assert window.page.get_by_role("button", name="Talk to agent").is_visible()


def test_long_label_stays_on_a_small_screen(open_window: Callable[..., Window]) -> None:
    window = open_window(viewport={"width": 320, "height": 500})
    window.show(
        window.tag(site="shop", label="Talk to one of our very friendly agents about anything at all")
    )
    box = window.launcher.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 320


def test_older_browser_gets_the_link(window: Window) -> None:
    """Safari before 16.4 has no constructable stylesheets."""
    old = """<script>
      delete ShadowRoot.prototype.adoptedStyleSheets;
      window.CSSStyleSheet = function () { throw new TypeError("Illegal constructor"); };
    </script>"""
    window.show(window.tag(site="shop", fallback_url="https://shop.example/contact"), head=old)
    link = window.page.locator("vaani-widget a")
    expect(link).to_have_attribute("href", "https://shop.example/contact")
    assert window.page.locator("vaani-widget button:visible").count() == 0
