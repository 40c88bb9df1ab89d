"""``python -m bench``, and a part of it: what ``make bench`` runs, one after the other."""

from __future__ import annotations

import sys

PARTS = ("page", "peers", "start", "calls")


def main(arguments: list[str]) -> int:
    """With no part named, all: calls in a minute or two, the others in full. 1 where an aim is missed."""
    if not arguments:
        return max(main(["page"]), main(["peers"]), main(["start"]), main(["calls", "--quick"]))
    part, *rest = arguments
    if part == "page":
        from . import page_cost

        return page_cost.main(rest)
    if part == "peers":
        from . import peers

        return peers.main(rest)
    if part == "start":
        from . import call_start

        return call_start.main(rest)
    if part == "calls":
        from . import calls

        return calls.main(rest)
    print(f"Write one of: {', '.join(f'python -m bench {name}' for name in PARTS)}.", file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
