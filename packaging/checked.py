"""Write the list of what each statistical function was checked against, from the conformance tests.

``python packaging/checked.py`` writes ``resources/help/checked.md``; a test fails when it is out of date.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CONFORMANCE = ROOT / "tests" / "conformance"
LIBRARY = ROOT / "app" / "stats"
TESTS = ROOT / "tests" / "stats"
LIST = ROOT / "resources" / "help" / "checked.md"

_WIDTH = 110
_NAMES = 46
# machinery and words: what they do shows in the results of the others
_NO_ANALYSES = frozenset({"saying", "sentences", "formatting", "result"})

_HEAD = """\
WHAT THE STATISTICS WERE CHECKED AGAINST

Every figure below was computed by other programs from the same data and is compared with ours in the
project's own tests (tests/conformance), at the tolerance named. This list is made from those tests: what is
not compared there is not listed as compared. Where R prints a figure that we call not defined, a part below
says why.

Data of other licences stay where they are; they are compared where the folder that holds them is named to
the tests (MARROWMARK_ORACLES). They are marked "elsewhere".
"""


def neighbour(name: str) -> ModuleType:
    """Load a file of the conformance tests, which are no package.

    Parameters
    ----------
    name : str
        Its name without ending.
    """
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", CONFORMANCE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


# -- which function an adapter asks -----------------------------------------------------------------------


def functions_of(source: str) -> dict[str, frozenset[str]]:
    """The functions of the library behind each analysis of one file of adapters.

    Parameters
    ----------
    source : str
        The file.

    Returns
    -------
    dict of str to frozenset of str
        ``icc`` -> ``icc.icc``, by way of all helpers of the file.
    """
    tree = ast.parse(source)
    imported = {
        alias.asname or alias.name: home(node.module.removeprefix("app.stats."), alias.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("app.stats.")
        for alias in node.names
        # a name in capitals is a kind of result
        if alias.name[0].islower() and node.module.removeprefix("app.stats.") not in _NO_ANALYSES
    }
    used = {
        node.name: {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    adapters = _adapters(tree)
    return {
        analysis: frozenset(imported[name] for name in _reached(first, used) if name in imported)
        for analysis, first in adapters.items()
    }


def home(module: str, name: str) -> str:
    """The module a function is written in, for one that is also known by another."""
    for node in ast.parse((LIBRARY / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("app.stats."):
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return home(node.module.removeprefix("app.stats."), alias.name)
    return f"{module}.{name}"


def _adapters(tree: ast.Module) -> dict[str, str]:
    """Name of the function behind each analysis."""
    for node in tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id == "ADAPTERS" and isinstance(value, ast.Dict):
            pairs = zip(value.keys, value.values, strict=True)
            return {
                str(key.value): name.id
                for key, name in pairs
                if isinstance(key, ast.Constant) and isinstance(name, ast.Name)
            }
    return {}


def _reached(first: str, used: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = set[str](), [first]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += used.get(name, ())
    return seen


# -- what it was compared with ----------------------------------------------------------------------------


def against(oracles: Iterable[Mapping[str, Any]]) -> str:
    """Name who computed the expected figures of some oracles, each once."""
    found: dict[str, None] = {}
    for one in oracles:
        if one["r_call"] == "certified values":
            found["certified values of NIST StRD"] = None
        elif one["source"].startswith("printed IBM SPSS"):
            found["output printed by IBM SPSS"] = None
        else:
            version = one["r_version"].split()[2]
            packages = ", ".join(f"{name} {number}" for name, number in sorted(one["packages"].items()))
            found[f"R {version} ({packages})"] = None
    return "; ".join(found)


def compared(oracles: Iterable[Mapping[str, Any]], tests: ModuleType) -> int:
    """Count the figures that are compared."""
    return sum(
        not tests.not_covered(one["analysis"], name)
        for one in oracles
        for name, _, _ in tests.leaves(one["expected"], "", tests.Tolerance(one["tol_rel"]))
    )


def tolerances(oracles: Iterable[Mapping[str, Any]]) -> str:
    """The relative tolerances, the strictest first."""
    return ", ".join(f"{one:.0e}".replace("e-0", "e-") for one in sorted({one["tol_rel"] for one in oracles}))


# -- the other functions ----------------------------------------------------------------------------------


def public_functions() -> set[str]:
    """Every public function of the library that computes something."""
    return {
        f"{path.stem}.{node.name}"
        for path in sorted(LIBRARY.glob("*.py"))
        if path.stem not in _NO_ANALYSES and not path.stem.startswith(("__", "sentences_"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }


def own_tests() -> dict[str, list[str]]:
    """The files of tests that ask each function of the library by its name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("app.stats."):
                for alias in node.names:
                    found[home(node.module.removeprefix("app.stats."), alias.name)].append(path.name)
    return found


# -- the list ---------------------------------------------------------------------------------------------


def written() -> str:
    """The whole list."""
    neighbour("figures")
    scope, tests = neighbour("scope"), neighbour("test_oracles")
    oracles: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((CONFORMANCE / "oracles").glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        oracles[one["analysis"]].append(one)
    behind: dict[str, frozenset[str]] = {}
    for path in sorted(CONFORMANCE.glob("adapters*.py")):
        behind |= functions_of(path.read_text(encoding="utf-8"))
    parts = [
        _HEAD,
        *_analyses(oracles, behind, scope, tests),
        *_others(frozenset().union(*behind.values())),
        *_scope(scope),
    ]
    return "\n".join(parts)


def _analyses(
    oracles: Mapping[str, list[dict[str, Any]]],
    behind: Mapping[str, frozenset[str]],
    scope: ModuleType,
    tests: ModuleType,
) -> Iterator[str]:
    yield "\nCOMPARED WITH OTHER PROGRAMS\n"
    for analysis in sorted(behind):
        sets = oracles.get(analysis, [])
        yield f"  {analysis}"
        yield from _line("functions", ", ".join(sorted(behind[analysis])))
        if sets:
            yield from _line("against", against(sets))
            count = compared(sets, tests)
            many = f"{len(sets)} sets" if len(sets) > 1 else "one set"
            told = f"{count} figures of {many} of data, relative tolerance {tolerances(sets)}"
            yield from _line("compared", told)
        else:
            yield from _line("against", scope.ELSEWHERE[analysis])
        yield ""


def _line(name: str, text: str) -> Iterator[str]:
    first, rest = f"    {name:<12}", " " * 16
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )


def _others(compared_ones: frozenset[str]) -> Iterator[str]:
    tested = own_tests()
    alone = sorted(one for one in public_functions() - compared_ones if one in tested)
    yield "\nCHECKED BY COMPUTATIONS OF THEIR OWN\n"
    yield from textwrap.wrap(
        "These have no figure of another program beside them. The tests named compute what they should give "
        "in another way, or hold it against a printed example.",
        _WIDTH,
    )
    yield ""
    for one in alone:
        files = ", ".join(sorted(set(tested[one])))
        yield from textwrap.wrap(
            files, _WIDTH, initial_indent=f"  {one:<{_NAMES}}  ", subsequent_indent=" " * (_NAMES + 4)
        )


def _scope(scope: ModuleType) -> Iterator[str]:
    yield "\n\nWHERE WE CALL NOT DEFINED WHAT R PRINTS\n"
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (oracle, name), why in scope.DIFFERS.items():
        reasons[oracle, why].append(name)
    for (oracle, why), names in reasons.items():
        yield from textwrap.wrap(
            f"{oracle}, {', '.join(names)}: {why}.", _WIDTH, initial_indent="  ", subsequent_indent="    "
        )
    yield "\n\nWHAT R PRINTS AND WE DO NOT GIVE\n"
    for analysis, names in scope.NOT_COVERED.items():
        yield from textwrap.wrap(
            f"{analysis}: {', '.join(names)}", _WIDTH, initial_indent="  ", subsequent_indent="    "
        )
    yield ""


if __name__ == "__main__":
    # the program need not be installed
    sys.path.insert(0, str(ROOT))
    LIST.write_text(written(), encoding="utf-8", newline="\n")
    print(f"{LIST.relative_to(ROOT)} written")
