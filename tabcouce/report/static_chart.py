"""Charts as drawings for readers whose scripts are blocked; their text stays text."""

from __future__ import annotations

import re
from typing import Any

import vl_convert
from markupsafe import Markup

from tabcouce.report.charts.style import Spec

DRAWN = ("honesty", "importance")
"""Charts of the first target that are also drawn: the two one decides by; about 30 kB and 0.3 s each."""


CLIP = re.compile(r'(?<= id=")clip\d+(?=")|(?<=url\(#)clip\d+(?=\))')

ARIA = re.compile(r' aria-[a-z]+="[^"]*"')
"""Vega reads out neutral field names, mark by mark; the figure around it has a sentence instead."""


LINE_ENDS = str.maketrans({"\u2028": " ", "\u2029": " "})


def drawable(spec: Any) -> Any:
    """The spec without Unicode's line and paragraph separators, which Vega's expressions cannot hold."""
    if isinstance(spec, dict):
        return {drawable(key): drawable(part) for key, part in spec.items()}
    if isinstance(spec, list | tuple):
        return [drawable(part) for part in spec]
    return spec.translate(LINE_ENDS) if isinstance(spec, str) else spec


def drawing(spec: Spec, key: str) -> Markup:
    """The chart as SVG; Vega escapes names from the user's file on the way.

    key  begins the names of its clip paths, which Vega numbers by how often it was called
    """
    svg = ARIA.sub("", str(vl_convert.vegalite_to_svg(spec, show_warnings=False)))
    number = {name: f"{key}-{k}" for k, name in enumerate(dict.fromkeys(CLIP.findall(svg)))}
    return Markup(CLIP.sub(lambda found: number[found[0]], svg))
