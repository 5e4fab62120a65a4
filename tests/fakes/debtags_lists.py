"""Lists of packages as tests of debtags need them."""

import hashlib

TAGS = ("use::editing", "works-with::text", "use::viewing")


def package(name, tags, text=None, source=None):
    """Returns a stanza of Packages and one of Translation-en."""
    text = f"about {name}" if text is None else text
    md5 = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    origin = f"Source: {source}\n" if source else ""
    tag = f"Tag: role::program, {tags}\n" if tags else ""
    return (
        f"Package: {name}\n{origin}Description-md5: {md5}\n{tag}",
        f"Package: {name}\nDescription-md5: {md5}\nDescription-en: {text}\n",
    )


def write_lists(folder, packages):
    """Writes both lists; returns their paths."""
    paths = folder / "Packages", folder / "Translation-en"
    for place, path in enumerate(paths):
        path.write_text("\n".join(one[place] for one in packages), encoding="utf-8")
    return paths


def many_packages(count=60):
    """Returns packages with two tags each in turn."""
    return [package(f"tool{number}", f"{TAGS[number % 3]}, {TAGS[0]}") for number in range(count)]
