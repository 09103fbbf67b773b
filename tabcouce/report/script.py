"""The JavaScript of the page: Vega, Vega-Lite and Vega-Embed, bundled by vl-convert without a network."""

from __future__ import annotations

import re
from functools import cache

import vl_convert

from tabcouce.errors import TabcouceError

ADDRESS = re.compile(r"https://(?:vega\.github\.io|github\.com)/[\w./-]*")


@cache
def chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that sets `vegaEmbed`; about 0.9 MB.

    Addresses of schemas and editors are cut out: nothing would load them, but a reader who
    searches the file for outside places should find none.
    """
    bundle = ADDRESS.sub("", str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")))
    if "</script" in bundle.lower():
        raise TabcouceError(
            "The chart library would end its own script tag.",
            remedy="Install the version of vl-convert-python that the project pins.",
        )
    return bundle
