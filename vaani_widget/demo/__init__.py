"""The demo: a LiveKit server, an API that answers as Vaani's does, an agent that talks, and a shop page.

Everything here runs on this machine's loopback addresses, with no key and no account. It needs the extra
``demo``; the package itself never imports it.
"""

from __future__ import annotations
