"""Colours as CSS writes them, where nothing but a colour may be written."""

from __future__ import annotations

import re

_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_RGB = re.compile(
    r"rgba?\(\s*(\d{1,3})(?:\s*,\s*|\s+)(\d{1,3})(?:\s*,\s*|\s+)(\d{1,3})"
    r"(?:\s*[,/]\s*(?:0?\.\d+|0|1|1\.0+|\d{1,2}%|100%))?\s*\)",
    re.IGNORECASE,
)
_FUNCTION = re.compile(r"(hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark|var)\(", re.IGNORECASE)
# No quote, colon, semicolon, brace or backslash: nothing can be closed, escaped or fetched in it.
_ARGUMENTS = re.compile(r"[a-z0-9#%.,/+*()\s_-]+", re.IGNORECASE)
_CALLED = re.compile(r"([a-z][a-z0-9-]*)?\(", re.IGNORECASE)
_INSIDE = {"rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color", "color-mix",
           "light-dark", "var", "calc", "min", "max", "clamp", ""}  # fmt: skip
_VARIABLE = re.compile(r"var\(\s*(?!--[a-z0-9_-]+\s*[,)])", re.IGNORECASE)

NAMES = frozenset(
    """
    aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown
    burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan
    darkgoldenrod darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid
    darkred darksalmon darkseagreen darkslateblue darkslategray darkslategrey darkturquoise darkviolet
    deeppink deepskyblue dimgray dimgrey dodgerblue firebrick floralwhite forestgreen fuchsia gainsboro
    ghostwhite gold goldenrod gray green greenyellow grey honeydew hotpink indianred indigo ivory khaki
    lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan lightgoldenrodyellow
    lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray
    lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine
    mediumblue mediumorchid mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise
    mediumvioletred midnightblue mintcream mistyrose moccasin navajowhite navy oldlace olive olivedrab
    orange orangered orchid palegoldenrod palegreen paleturquoise palevioletred papayawhip peachpuff peru
    pink plum powderblue purple rebeccapurple red rosybrown royalblue saddlebrown salmon sandybrown
    seagreen seashell sienna silver skyblue slateblue slategray slategrey snow springgreen steelblue tan
    teal thistle tomato turquoise violet wheat white whitesmoke yellow yellowgreen
    """.split()  # noqa: SIM905  # a hundred and a half of quotes are no help
)
"""Those of CSS Color 4."""


def is_colour(value: str) -> bool:
    """Whether it is a colour: a name, ``#rgb`` and its longer kinds, or one of CSS's functions.

    What a function is given is the browser's to judge, but for ``rgb()``; here is seen to it that it can be
    nothing else than a colour, wherever a page puts it.
    """
    if _HEX.fullmatch(value) or value.lower() in NAMES:
        return True
    if match := _RGB.fullmatch(value):
        return all(int(part) <= 255 for part in match.groups())
    if not _FUNCTION.match(value) or not value.endswith(")") or not _ARGUMENTS.fullmatch(value):
        return False
    if "/*" in value:  # the end of a comment may be anywhere
        return False
    called = {name.lower() for name in _CALLED.findall(value)}
    return called <= _INSIDE and not _VARIABLE.search(value) and _is_one_call(value)


def _is_one_call(value: str) -> bool:
    """Whether the last parenthesis closes the first, and all between them are in pairs."""
    depth = 0
    for at, character in enumerate(value):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ")" and depth == 0:
            return at == len(value) - 1
    return False
