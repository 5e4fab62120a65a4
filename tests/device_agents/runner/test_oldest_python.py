"""The runner's code runs on Python 3.10, older than the rest of the project: boards bring their own interpreter."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ENTRIES = ("device_agents.isolation.server", "device_agents.proxy.entry")  # what is started, and all that it answers
OURS = ("device_agents", "search_spaces")
OLDEST = (3, 10)
SHOULD = {
    "device_agents.runner.profile",
    "device_agents.runner.facts",
    "device_agents.runner.torch_runtime",
    "device_agents.runner.onnx_runtime",
    "device_agents.procedure",
    "device_agents.energy",
    "device_agents.meters.nvml",
    "search_spaces.models.build",
}

# Source: What's New in Python 3.11, 3.12 and 3.13.
NEWER = {
    "asyncio": {"TaskGroup", "timeout", "timeout_at", "Runner", "Barrier"},
    "builtins": {"ExceptionGroup", "BaseExceptionGroup", "PythonFinalizationError"},
    "calendar": {"Month", "Day"},
    "contextlib": {"chdir"},
    "copy": {"replace"},
    "datetime": {"UTC"},
    "enum": {
        *("StrEnum", "ReprEnum", "EnumCheck", "FlagBoundary", "EnumType", "EnumDict", "verify", "member", "nonmember"),
        *("property", "global_enum", "show_flag_values"),
    },
    "hashlib": {"file_digest"},
    "http": {"HTTPMethod"},
    "inspect": {"getmembers_static", "ispackage", "markcoroutinefunction", "BufferFlags"},
    "itertools": {"batched"},
    "logging": {"getLevelNamesMapping", "getHandlerByName", "getHandlerNames"},
    "math": {"cbrt", "exp2", "fma", "sumprod"},
    "operator": {"call", "is_none", "is_not_none"},
    "os": {"process_cpu_count", "unshare", "setns", "listdrives", "timerfd_create", "PIDFD_NONBLOCK"},
    "queue": {"ShutDown"},
    "re": {"NOFLAG", "PatternError"},
    "statistics": {"kde", "kde_random"},
    "sys": {"exception", "monitoring", "activate_stack_trampoline", "getunicodeinternedsize"},
    "threading": {"setprofile_all_threads", "settrace_all_threads"},
    "tomllib": {"load", "loads"},
    "types": {"get_original_bases", "CapsuleType"},
    "typing": {
        *("Self", "Never", "LiteralString", "NotRequired", "Required", "TypeVarTuple", "Unpack", "assert_never"),
        *("assert_type", "clear_overloads", "dataclass_transform", "get_overloads", "reveal_type", "override"),
        *("TypeAliasType", "NoDefault", "ReadOnly", "TypeIs", "get_protocol_members", "is_protocol"),
    },
    "uuid": {"uuid6", "uuid7", "uuid8"},
    "warnings": {"deprecated"},
}
NEWER_METHODS = {"add_note", "full_match", "is_junction", "from_uri", "binomialvariate", "get_identifiers"}
NEWER_KEYWORDS = {"weakref_slot", "walk_up", "delete_on_close", "onexc", "recurse_symlinks", "case_sensitive"}


def file_of(module):
    """Returns a module's file; None where it is no module of ours."""
    path = ROOT.joinpath(*module.split("."))
    places = (path.with_suffix(".py"), path / "__init__.py")
    return next((place for place in places if place.is_file()), None) if module.startswith(OURS) else None


def imports(tree):
    """Yields every module that a tree may import, wherever in it, and every name that might be one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def runner_modules():
    """Returns the files of all modules that a runner can import, by name."""
    found, waiting = {}, [*ENTRIES]
    while waiting:
        module = waiting.pop()
        path = file_of(module)
        if path is None or module in found:
            continue
        found[module] = path
        parent = module.rpartition(".")[0]
        waiting += [*imports(ast.parse(path.read_text(encoding="utf-8"))), *([parent] if parent else [])]
    return found


def newer_than_oldest(text):
    """Returns what in a program Python 3.10 does not have."""
    try:
        tree = ast.parse(text, feature_version=OLDEST)
    except SyntaxError as error:
        return [error.msg]
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    found = [module for module in imports(tree) if module.partition(".")[0] == "tomllib"]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found += [alias.name for alias in node.names if alias.name in NEWER.get(node.module, ())]
        elif isinstance(node, ast.Attribute):
            module = aliases.get(node.value.id) if isinstance(node.value, ast.Name) else None
            found += [node.attr] if node.attr in NEWER.get(module, ()) or node.attr in NEWER_METHODS else []
        elif isinstance(node, ast.Name):
            found += [node.id] if node.id in NEWER["builtins"] else []
        elif isinstance(node, ast.keyword):
            found += [node.arg] if node.arg in NEWER_KEYWORDS else []
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            bare = not (ast.get_source_segment(text, node.slice) or "").startswith("(")
            found += ["* in an index"] if bare and any(isinstance(i, ast.Starred) for i in node.slice.elts) else []
    return found


MODULES = runner_modules()


def test_the_modules_that_a_runner_can_import_are_found():
    assert set(MODULES) >= SHOULD
    assert not [module for module in MODULES if module.startswith("device_agents.fleet")]


def test_a_runners_module_uses_nothing_that_python_3_10_lacks():
    used = {module: newer_than_oldest(path.read_text(encoding="utf-8")) for module, path in MODULES.items()}
    assert {module: names for module, names in used.items() if names} == {}


@pytest.mark.parametrize(
    "program",
    [
        "from datetime import UTC",
        "import datetime\nstamp = datetime.datetime.now(datetime.UTC)",
        "import enum as e\nclass Kind(e.StrEnum): pass",
        "import tomllib",
        "raise ExceptionGroup('several', [])",
        "error.add_note('more')",
        "import shutil\nshutil.rmtree('x', onexc=print)",
        "x[*a, b]",
        "try: pass\nexcept* ValueError: pass",
        "type Number = int",
        "def f[T](x: T): pass",
    ],
)
def test_what_is_newer_is_noticed(program):
    assert newer_than_oldest(program)
