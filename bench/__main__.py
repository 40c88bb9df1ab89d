"""``python -m bench page``, ``python -m bench calls``: what ``make bench`` runs, one after the other."""

from __future__ import annotations

import sys

PARTS = ("page", "calls")


def main(arguments: list[str]) -> int:
    """With no part named, both: pages in full, calls in a minute or two. 1 where an aim is missed."""
    if not arguments:
        return max(main(["page"]), main(["calls", "--quick"]))
    part, *rest = arguments
    if part == "page":
        from . import page_cost

        return page_cost.main(rest)
    if part == "calls":
        from . import calls

        return calls.main(rest)
    print(f"Write one of: {', '.join(f'python -m bench {name}' for name in PARTS)}.", file=sys.stderr)
    return 2


sys.exit(main(sys.argv[1:]))
