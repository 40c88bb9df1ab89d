"""``python -m bench``, which ``make bench`` calls."""

from __future__ import annotations

import sys

from .page_cost import main

sys.exit(main())
