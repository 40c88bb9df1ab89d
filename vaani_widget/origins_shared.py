"""Domains below which anybody can get a name. A star before one of them lets everybody's pages in.

The common ones, for a warning: public suffixes that countries and registries sell names under, places that
host pages, and tunnels. publicsuffix.org has the whole list, ten thousand of them.
"""

from __future__ import annotations

import re

_UNDER_COUNTRIES = re.compile(
    r"(ac|asso|co|com|edu|firm|gen|go|gob|gouv|gov|gv|ind|ltd|mil|ne|net|nom|or|org|plc|sch)\.[a-z]{2}"
)
"""What most countries sell names under, such as ``co.uk``, ``gov.in`` and ``com.cn``."""

_WITH_REGIONS = re.compile(
    r"([a-z0-9-]+\.)*("
    r"amazonaws\.com(\.cn)?|appspot\.com|azurestaticapps\.net|awsapprunner\.com|cloudapp\.azure\.com|"
    r"core\.windows\.net|digitaloceanspaces\.com|elasticbeanstalk\.com|linodeobjects\.com|on\.aws|run\.app"
    r")|[a-z0-9-]+\.azurecontainerapps\.io"
)
"""Places that write a region, or the kind of service, between a customer's name and their own."""

_REGISTRIES = """
    ad.jp asn.au bank.in biz.id biz.in br.com cn.com co.com coop.in de.com dr.in ed.jp eu.com eu.org fin.in
    gb.net gr.jp id.au idv.tw in.net info.in io.in jp.net jpn.com k12.il k12.tr lg.jp me.in me.uk mex.com
    muni.il my.id nhs.uk nic.in pro.in res.in ru.com sa.com school.nz se.net travel.in uk.com uk.in uk.net
    up.in us.com us.in us.org web.id za.com
"""
_HOSTS = """
    000webhostapp.com amplifyapp.com azure-api.net azureedge.net azurefd.net azurewebsites.net base44.app
    bitbucket.io blogspot.com bolt.host bubbleapps.io carrd.co cleverapps.io cloudapp.net cloudfront.net
    code.run codeberg.page convex.site csb.app deno.dev editorx.io firebaseapp.com fly.dev framer.ai
    framer.app framer.media framer.website ghost.io gitbook.io github.io gitlab.io glitch.me godaddysites.com
    gradio.live herokuapp.com hf.space hosted.app hs-sites.com hubspotpagebuilder.com jimdosite.com kinsta.app
    kinsta.page koyeb.app lovable.app medium.com myshopify.com mystrikingly.com neocities.org netlify.app
    notion.site now.sh ondigitalocean.app onrender.com pages.dev pantheonsite.io platformsh.site
    pythonanywhere.com r2.dev readthedocs.io repl.co replit.app replit.dev shopifypreview.com
    sourceforge.io square.site squarespace.com streamlit.app substack.com supabase.co surge.sh
    trafficmanager.net translate.goog tumblr.com up.railway.app v0.app vercel.app vercel.dev wasmer.app
    web.app webflow.io webnode.page weebly.com weeblysite.com wixsite.com wixstudio.com wordpress.com
    workers.dev wpengine.com wpenginepowered.com zohosites.com zohosites.in
"""
_TUNNELS = """
    app.github.dev ddns.net devtunnels.ms duckdns.org dyndns.org gitpod.io hopto.org lhr.life loca.lt
    localhost.run ngrok-free.app ngrok-free.dev ngrok.app ngrok.dev ngrok.io nip.io serveo.net sslip.io
    trycloudflare.com webcontainer.io
"""
_NAMES = frozenset(f"{_REGISTRIES} {_HOSTS} {_TUNNELS}".split())


def is_shared(domain: str) -> bool:
    """Whether this is known as a domain below which anybody can get a name.

    :param domain: as :func:`.origins.normalise` writes a host, without the star.
    """
    return (
        domain in _NAMES
        or _UNDER_COUNTRIES.fullmatch(domain) is not None
        or _WITH_REGIONS.fullmatch(domain) is not None
    )
