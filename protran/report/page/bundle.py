"""The page's style and scripts: separate files of this package, put together into one text each."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

SCRIPTS = (
    "elements.js",
    "numbers.js",
    "dominance.js",
    "noisy_dominance.js",
    "axes.js",
    "chart.js",
    "model.js",
    "scatter.js",
    "budgets.js",
    "download.js",
    "front_table.js",
    "drawing.js",
    "parallel.js",
    "search_charts.js",
    "facts.js",
    "header.js",
    "live.js",
    "campaigns.js",
    "main.js",
)
"""In this order; each imports only what stands before it."""
_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./[a-z_]+\.js\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)


@cache
def asset(name: str) -> str:
    """Returns the text of one of the package's files."""
    return files("protran.report.page").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def script(names: tuple[str, ...] = SCRIPTS) -> str:
    """Returns the modules as one script: without their imports, since all names then are in one scope.

    An inline module cannot import another one, and a page without a server has no other place for them.
    """
    parts = [_EXPORT.sub("", _IMPORT.sub("", asset(name))) for name in names]
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


def style() -> str:
    """Returns the style sheet."""
    return asset("style.css")
