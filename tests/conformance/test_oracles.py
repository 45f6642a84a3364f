"""Every figure we report, held against what R prints for the same data."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from app.stats.result import NotDefined

HERE = Path(__file__).parent
OWN = HERE / "oracles"
TINY = 1e-12


def neighbour(name: str) -> ModuleType:
    # the test folders are no packages, so a neighbour is loaded by its file, and found again by its name here
    spec = importlib.util.spec_from_file_location(f"conformance_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


figures, scope = neighbour("figures"), neighbour("scope")
ADAPTERS = {
    analysis: adapter
    for path in sorted(HERE.glob("adapters*.py"))
    for analysis, adapter in neighbour(path.stem).ADAPTERS.items()
}


def extra_folders() -> list[Path]:
    return [Path(part) for part in os.environ.get("MARROWMARK_ORACLES", "").split(os.pathsep) if part]


def oracle_files() -> list[Any]:
    folders = [("own", OWN), *(("extra", folder) for folder in extra_folders())]
    return [
        pytest.param(path, id=f"{origin}-{path.stem}")
        for origin, folder in folders
        for path in sorted(folder.rglob("*.json"))
    ]


class Tolerance(NamedTuple):
    relative: float
    absolute: float = TINY


def leaves(expected: Any, path: str, tolerance: Tolerance) -> Iterator[tuple[str, Any, Tolerance]]:
    """Walk to every expected figure; a list of plain values is one figure."""
    if isinstance(expected, dict):
        if "tol_rel" in expected:
            tolerance = Tolerance(expected["tol_rel"])
        # of random draws: how far two runs may lie apart
        if "tol_abs" in expected:
            tolerance = Tolerance(0.0, expected["tol_abs"])
        for key, value in expected.items():
            if not key.startswith("tol_"):
                yield from leaves(value, f"{path}.{key}" if path else key, tolerance)
    elif isinstance(expected, list) and any(isinstance(item, dict) for item in expected):
        for position, item in enumerate(expected):
            yield from leaves(item, f"{path}.{position}" if path else str(position), tolerance)
    else:
        yield path, expected, tolerance


def not_covered(analysis: str, path: str) -> bool:
    patterns = scope.NOT_COVERED.get(analysis, ())
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}.*") for pattern in patterns)


def undefined(expected: Any) -> bool:
    if isinstance(expected, list):
        return bool(expected) and all(undefined(item) for item in expected)
    return expected is None or expected in ("NaN", "Inf", "-Inf")


def agree(ours: Any, expected: Any, tolerance: Tolerance) -> bool:
    if undefined(expected):
        return ours is None
    if ours is None:
        return False
    if isinstance(expected, bool | str):
        return bool(ours == expected)
    if isinstance(expected, list):
        values = list(ours)
        pairs = zip(values, expected, strict=False)
        return len(values) == len(expected) and all(agree(a, b, tolerance) for a, b in pairs)
    return math.isclose(float(ours), float(expected), rel_tol=tolerance.relative, abs_tol=tolerance.absolute)


@pytest.mark.parametrize("path", oracle_files())
def test_every_covered_figure_agrees_with_r(path: Path) -> None:
    oracle = json.loads(path.read_text(encoding="utf-8"))
    analysis = oracle["analysis"]
    if analysis in scope.PENDING:
        pytest.skip(scope.PENDING_REASON)
    assert analysis in ADAPTERS, f"no adapter for {analysis}, and not pending"
    ours = ADAPTERS[analysis](oracle)
    wrong, compared = [], 0
    for name, expected, tolerance in leaves(oracle["expected"], "", Tolerance(oracle["tol_rel"])):
        if not_covered(analysis, name):
            assert name not in ours, f"{name} is covered and listed as not covered"
            continue
        assert name in ours, f"{name} is neither given by the adapter nor listed as not covered"
        compared += 1
        if name.split(".")[-1] == "error":
            fine = isinstance(ours[name], NotDefined)
        elif (oracle["id"], name) in scope.DIFFERS:
            fine = ours[name] is None
        else:
            fine = agree(ours[name], expected, tolerance)
        if not fine:
            wrong.append(f"{name}: ours {ours[name]}, expected {expected}")
    assert compared > 0
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("folder", extra_folders(), ids=str)
def test_a_named_oracle_folder_holds_oracles(folder: Path) -> None:
    assert any(folder.rglob("*.json")), f"{folder} holds no oracle"


def test_no_analysis_is_both_adapted_and_pending() -> None:
    assert not scope.PENDING & set(ADAPTERS)


def test_every_adapted_analysis_has_an_oracle_of_its_own_or_needs_one_from_outside() -> None:
    own = {json.loads(path.read_text(encoding="utf-8"))["analysis"] for path in OWN.glob("*.json")}
    assert set(ADAPTERS) == own | set(scope.ELSEWHERE)
    assert not own & set(scope.ELSEWHERE)


@pytest.mark.parametrize(
    ("ours", "expected"),
    [(1.0, 1.0 + 1e-6), (0.0, None), (None, 1.0), ([1.0, 2.0], [1.0]), ([1.0, None], [1.0, 2.0]), ("a", "b")],
)
def test_the_comparison_itself_refuses_what_differs(ours: Any, expected: Any) -> None:
    assert not agree(ours, expected, Tolerance(1e-8))


def test_the_comparison_accepts_what_is_equal_within_tolerance() -> None:
    assert agree(np.float64(1.0), 1.0 + 1e-10, Tolerance(1e-8))
    assert agree([0.0, 1.0], [1e-17, 1.0], Tolerance(1e-8))
    assert agree(None, [None, "NaN"], Tolerance(1e-8))
