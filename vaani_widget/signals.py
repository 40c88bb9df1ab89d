"""What a host app can listen to, as it does to Flask's own signals.

The sender is the Flask application. Every receiver gets keyword arguments; none of them is a
secret, an address or metadata. Take ``**more``: later versions may add some. ::

    from vaani_widget import call_started

    @call_started.connect_via(app)
    def note(sender, call_id, site, agent, visitor, **more):
        ...

``call_started``: ``call_id``, ``site``, ``agent``, ``visitor`` (``sub`` of a verified grant, or None).
``call_refused``: ``code``, ``site`` (None where the request named none), ``call_id`` (None before a
reservation), ``spent``; sent for refused site tokens, too, since no call comes of them.
``call_ended``: ``call_id``, ``site``, ``reason`` (as the visitor's browser tells it, or None). Not for
money: it is hearsay, and does not come where a browser crashes. It comes once, however often it is told.

A receiver that raises is logged and otherwise ignored: the call has been paid for by then.
"""

from __future__ import annotations

import logging

from blinker import NamedSignal, Namespace

from .logs import fields

_signals = Namespace()
_log = logging.getLogger("vaani_widget")

call_started: NamedSignal = _signals.signal("vaani-widget-call-started")
call_refused: NamedSignal = _signals.signal("vaani-widget-call-refused")
call_ended: NamedSignal = _signals.signal("vaani-widget-call-ended")


def tell(signal: NamedSignal, sender: object, **told: object) -> None:
    """Sends the signal; what a receiver raises goes to the log, not to the visitor."""
    for receiver in () if signal.is_muted else signal.receivers_for(sender):
        try:
            receiver(sender, **told)
        except Exception:
            _log.exception("a receiver of %s failed", signal.name, extra=fields("receiver_failed"))
