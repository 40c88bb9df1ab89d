"""Which pages a site's list of origins lets in."""

from __future__ import annotations

import pytest

from vaani_widget.origins import allows, normalise
from vaani_widget.origins_shared import is_shared


@pytest.mark.parametrize(
    ("entry", "plain"),
    [
        ("self", "self"),
        ("https://www.acme.com", "https://www.acme.com"),
        ("HTTPS://WWW.Acme.COM", "https://www.acme.com"),
        ("https://acme.com:443", "https://acme.com"),
        ("http://acme.com:80", "http://acme.com"),
        ("http://acme.com:443", "http://acme.com:443"),
        ("https://acme.com:0443", "https://acme.com"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("https://[0:0:0:0:0:0:0:1]", "https://[::1]"),
        ("https://under_score.acme.com", "https://under_score.acme.com"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://*.acme.dev", "https://*.acme.dev"),
        ("https://*.ACME.dev:443", "https://*.acme.dev"),
        ("https://*.acme.dev:8443", "https://*.acme.dev:8443"),
    ],
)
def test_entries_are_written_as_browsers_write_origins(entry, plain):
    assert normalise(entry) == plain
    assert normalise(plain) == plain


@pytest.mark.parametrize(
    ("entry", "remedy"),
    [
        ("*", "every website"),
        ("null", "sandboxed"),
        ("'self'", '"self"'),
        ("https://*", "first label only"),
        ("https://*.com", "two labels"),
        ("https://*.acme.", "two labels"),
        ("https://a.*.acme.com", "first label only"),
        ("https://*.*.acme.com", "first label only"),
        ("https://*shop.acme.com", "first label only"),
        ("https://*.2.3.4", "IP address"),
        ("*.acme.com", '"https://*.acme.com"'),
        ("www.acme.com", '"https://www.acme.com"'),
        ("https://www.acme.com/", '"https://www.acme.com"'),
        ("https://www.acme.com/shop?x=1#y", '"https://www.acme.com"'),
        ("https://www.acme.com:8443/shop", '"https://www.acme.com:8443"'),
        ("https://user:word@www.acme.com", '"https://www.acme.com"'),
        ("https://bücher.example", '"https://xn--bcher-kva.example"'),
        ("https://*.bücher.example", '"https://*.xn--bcher-kva.example"'),
        ("https://straße.example", '"https://xn--strae-oqa.example"'),
        ("https://\u2028.example", "punycode"),
        ("ftp://acme.com", "http or https"),
        ("file:///home", "http or https"),
        ("chrome-extension://abcdef", "http or https"),
        ("https://", "http or https"),
        ("", "http or https"),
        ("https://acme.com:", '"https://acme.com"'),
        ("https://acme.com:0", "1 to 65535"),
        ("https://acme.com:65536", "1 to 65535"),
        ("https://acme..com", "reach"),
        ("https://-acme.com", "reach"),
        ("https://" + "a" * 64 + ".com", "reach"),
        ("https://" + "a." * 127 + "com", "reach"),
        ("https://127.1", "four plain numbers"),
        ("https://0x7f.1", "four plain numbers"),
        ("https://256.1.1.1", "four plain numbers"),
        ("https://[::ffff:1.2.3.4]", "IPv4"),
        ("https://[fe80::1%eth0]", "zone"),
        ("https://[::g]", "IPv6"),
        ("https://[half", "http or https"),
        ("https://a b.com", "http or https"),
        ("https://acme.com\\@evil.com", "http or https"),
    ],
)
def test_other_entries_are_refused_with_what_to_write(entry, remedy):
    with pytest.raises(ValueError) as caught:
        normalise(entry)
    assert remedy in str(caught.value)
    assert "word" not in str(caught.value)
    assert "\n" not in str(caught.value)


LIST = ["https://www.acme.com", "https://*.acme.dev", "http://*.acme.test:8080", "http://localhost:5000"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.acme.com",
        "https://shop.acme.dev",
        "https://shop-1_a.acme.dev",
        "https://-odd-.acme.dev",
        "http://shop.acme.test:8080",
        "http://localhost:5000",
    ],
)
def test_on_the_list(origin):
    assert allows(LIST, origin, "server.example")


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://acme.com",
        "http://www.acme.com",
        "https://www.acme.com:443",
        "https://www.acme.com:8443",
        "https://www.acme.com/",
        "https://WWW.acme.com",
        "https://www.acme.com.evil.com",
        "https://evil.com/https://www.acme.com",
        " https://www.acme.com",
        "https://www.acme.com https://evil.com",
        "https://acme.dev",
        "https://.acme.dev",
        "https://a.b.acme.dev",
        "https://*.acme.dev",
        "https://evil.com/.acme.dev",
        "https://evil.com#.acme.dev",
        "https://user@.acme.dev",
        "https://a:1.acme.dev",
        "https://SHOP.acme.dev",
        "https://b\u00fc.acme.dev",
        "https://\u0661.acme.dev",
        "https://a\n.acme.dev",
        "https://" + "a" * 64 + ".acme.dev",
        "http://shop.acme.dev",
        "https://shop.acme.dev:8443",
        "https://shopacme.dev",
        "https://acme.devx",
        "http://shop.acme.test",
        "https://",
        "://",
        "*",
        "self",
        "http://server.example",
        "https://[",
        "\x00",
        "\ud800",
    ],
)
def test_not_on_the_list(origin):
    assert not allows(LIST, origin, "server.example")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://acme.com", "acme.com"),
        ("http://acme.com", "acme.com"),
        ("https://acme.com", "acme.com:443"),
        ("https://acme.com", "acme.com:80"),
        ("https://acme.com", "ACME.com"),
        ("http://acme.com:443", "acme.com"),
        ("https://acme.com:8443", "acme.com:8443"),
        ("http://127.0.0.1:5000", "127.0.0.1:5000"),
        ("http://[::1]:5000", "[::1]:5000"),
        ("http://[::1]", "[::1]:80"),
        ("http://[::80]", "[::80]"),
        ("http://localhost:5000", "localhost:5000"),
    ],
)
def test_same_origin(origin, host):
    assert allows(["self"], origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "acme.com"),
        ("null", "null"),
        ("null", "acme.com"),
        ("", ""),
        ("https://", ""),
        ("https://acme.com", ""),
        ("https://acme.com", "www.acme.com"),
        ("https://acme.com:8443", "acme.com"),
        ("https://acme.com", "acme.com:8443"),
        ("https://acme.com:4430", "acme.com:4"),
        ("https://acme.com/", "acme.com/"),
        ("https://acme.com ", "acme.com "),
        ("https://user@acme.com", "user@acme.com"),
        ("acme.com", "acme.com"),
        ("ftp://acme.com", "acme.com"),
        ("https://ACME.com", "acme.com"),
        ("https://[::1", "[::1"),
        ("https://\u0130", "\u0130"),
    ],
)
def test_not_same_origin(origin, host):
    assert not allows(["self"], origin, host)


def test_null_and_nothing_are_refused_whatever_the_list_says():
    for origin in (None, "", "null"):
        assert not allows(["null", "", "self"], origin, "null")


def test_an_empty_list_lets_nobody_in():
    assert not allows([], "https://www.acme.com", "www.acme.com")


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "co.uk",
            "com.cn",
            "gov.in",
            "co.in",
            "ac.jp",
            "com.au",
            "gob.mx",
            "or.kr",
            "org.za",
            "res.in",
            "uk.com",
        ),
        *("github.io", "vercel.app", "pages.dev", "netlify.app", "myshopify.com", "wixsite.com", "hf.space"),
        *("amazonaws.com", "s3.eu-west-1.amazonaws.com", "execute-api.ap-south-1.amazonaws.com"),
        *("azurewebsites.net", "westeurope.cloudapp.azure.com", "z6.web.core.windows.net", "a.run.app"),
        *("uc.r.appspot.com", "nyc3.digitaloceanspaces.com", "ngrok-free.app", "trycloudflare.com"),
    ],
)
def test_domains_that_are_everybodys_are_known(domain):
    assert is_shared(domain)


@pytest.mark.parametrize(
    "domain",
    [
        *("acme.com", "acme.co.uk", "acme.github.io", "shop.acme.com.cn", "acme.dev", "co.acme.in", "web.de"),
        *("example-amazonaws.com", "amazonaws.com.evil.test", "myrun.app", "acme.io", "id.me", "github.com"),
    ],
)
def test_domains_of_somebodys_own_are_not(domain):
    assert not is_shared(domain)
