"""The JavaScript of the page: Vega and Vega-Lite, bundled from vl-convert without a network."""

from __future__ import annotations

from functools import cache

import vl_convert

from tabcouce.errors import TabcouceError


@cache
def chart_library() -> str:
    """Vega and Vega-Lite as one script that sets `vega` and `vegaLite`; about 0.6 MB.

    vega-embed is left out: its menu names an outside editor and its tooltips write HTML.
    """
    bundle = str(vl_convert.javascript_bundle("window.vega = vega; window.vegaLite = vegaLite;"))
    if "</script" in bundle.lower():
        raise TabcouceError(
            "The chart library would end its own script tag.",
            remedy="Install the version of vl-convert-python that the project pins.",
        )
    return bundle
