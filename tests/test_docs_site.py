"""The site of the documentation: it builds strictly, has every page, and asks no other host."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = {str(path.relative_to(DOCS)): path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
NEEDED = ("mkdocs", "material", "mkdocstrings_handlers")
HEAVY = ("torch", "ray", "matplotlib", "sqlalchemy", "pandas", "optuna")
MOST_BYTES = 300_000


class Page(HTMLParser):
    """The places that a page has, links to, and loads something from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.places |= {found[name] for name in ("id", "name") if name in found}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") not in ("canonical", "next", "prev"):
            self.loaded.append(found.get("href", ""))
        if tag in ("script", "img", "iframe", "source", "object", "embed"):
            self.loaded += [found[name] for name in ("src", "srcset", "data") if name in found]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Builds the site once, where whatever is heavy cannot be imported."""
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed: pip install 'protran[docs]'")
    folder = tmp_path_factory.mktemp("site")
    traps = tmp_path_factory.mktemp("traps")
    for name in HEAVY:
        (traps / f"{name}.py").write_text(f"raise RuntimeError('{name} was imported')\n")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(traps), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return folder, done


@pytest.fixture(scope="module")
def pages(built: tuple[Path, subprocess.CompletedProcess[str]]) -> dict[Path, Page]:
    folder, _ = built
    return {path: Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}


def navigation(part: object) -> list[str]:
    """Returns the pages that a part of the navigation names."""
    if isinstance(part, str):
        return [part]
    inner = part.values() if isinstance(part, dict) else part
    return [page for one in inner for page in navigation(one)]


def test_every_page_is_in_the_navigation_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(navigation(config["nav"])) == sorted(PAGES)


def test_the_site_builds_strictly_and_imports_nothing_heavy(built) -> None:
    folder, done = built
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "search" / "search_index.json").stat().st_size > 100_000
    assert {path.relative_to(folder).with_suffix(".md").as_posix() for path in folder.rglob("*.html")} == {
        *PAGES,
        "404.md",
    }


def test_every_link_leads_to_a_place_that_exists(built, pages) -> None:
    broken = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//") or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            place = unquote(parts.fragment)
            if not target.exists() or (place and place not in pages[target].places):
                broken.append((path.name, link))
    assert pages
    assert broken == []


def test_no_page_loads_anything_from_another_host(built, pages) -> None:
    folder, _ = built
    loaded = [address for page in pages.values() for address in page.loaded]
    assert len(loaded) > len(pages)
    assert [address for address in loaded if urlsplit(address).netloc] == []
    foreign = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*")
    styles = [path.read_text(encoding="utf-8") for path in folder.rglob("*.css")]
    assert [found for text in styles for found in foreign.findall(text)] == []
    # The theme fetches the library that draws such diagrams.
    assert [path.name for path in folder.rglob("*.html") if 'class="mermaid"' in path.read_text(encoding="utf-8")] == []


def test_the_reference_has_the_public_names_and_no_others(built, pages) -> None:
    folder, _ = built
    places = {place for path, page in pages.items() if path.parent == folder / "reference" for place in page.places}
    documented = {place for place in places if re.match(r"(protran|search_spaces|device_agents|surrogates)\.", place)}
    assert documented >= {
        "protran.api.start_campaign",
        "protran.api.open_campaign",
        "protran.campaign.view.CampaignView.front",
        "protran.front.Front",
        "protran.config.CampaignConfig",
        "search_spaces.candidate.Candidate",
        "device_agents.measurement.Measurement",
        "device_agents.meters.base.Meter",
        "surrogates.base.Surrogate",
        "surrogates.prediction.Prediction",
        "protran.integration.optuna.sampler.ProTranSampler",
    }
    assert [name for name in documented if re.search(r"\._", name)] == []


def test_pages_about_the_project_are_its_own_files(built) -> None:
    folder, _ = built
    for name, heading in (("architecture", "Who may import whom"), ("contributing", "Rules of the house")):
        assert heading in (folder / "about" / f"{name}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_a_list_of_a_page_is_read_as_one(page: str) -> None:
    """The site needs an empty line before a list, where other readers do without."""
    text = re.sub(r"^```.*?^```$", "", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r"^(?!\s|[-*] |[#>|]|\d+\. ).+\n(?:[-*]|\d+\.) .*", text, flags=re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES)
def test_the_pictures_of_a_page_are_there_and_small(page: str) -> None:
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", PAGES[page]):
        picture = (DOCS / page).parent / name
        assert picture.is_file()
        assert picture.stat().st_size < MOST_BYTES
