from __future__ import annotations

import re
from importlib.resources import files

from protran.report.page.bundle import SCRIPTS, asset, script, style


def test_every_script_of_the_package_is_in_the_bundle() -> None:
    folder = files("protran.report.page").joinpath("assets")
    there = {item.name for item in folder.iterdir() if item.name.endswith(".js")}
    assert there == set(SCRIPTS)


def test_the_bundle_imports_and_exports_nothing() -> None:
    assert not re.search(r"^(import|export)\b", script(), re.MULTILINE)


def test_scripts_import_only_what_stands_before_them() -> None:
    for place, name in enumerate(SCRIPTS):
        for other in re.findall(r'from "\./([a-z_]+\.js)"', asset(name)):
            assert other in SCRIPTS[:place], f"{name} imports {other}, which stands behind it"


def test_no_script_makes_markup_of_text() -> None:
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setHTML"):
        assert word not in script()


def test_no_name_is_declared_twice_in_the_one_scope() -> None:
    names = re.findall(r"^(?:async )?(?:function|class|const|let) ([A-Za-z_]\w*)", script(), re.MULTILINE)
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def test_no_file_could_end_the_element_that_holds_it() -> None:
    assert "</" not in script()
    assert "</" not in style()


def test_the_style_asks_for_no_other_file() -> None:
    assert "@import" not in style()
    assert "url(" not in style()
