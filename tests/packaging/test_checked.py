"""The published list of what the statistics were checked against is that of the tests there are."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from app.ui.present import help_text

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def checked() -> ModuleType:
    spec = importlib.util.spec_from_file_location("checked", ROOT / "packaging" / "checked.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_published_list_is_up_to_date(checked: ModuleType) -> None:
    published = checked.LIST.read_text(encoding="utf-8")
    assert published == checked.written(), "out of date: run packaging/checked.py"


def test_every_analysis_with_an_oracle_is_listed_with_its_functions(checked: ModuleType) -> None:
    published = checked.LIST.read_text(encoding="utf-8")
    for path in sorted(checked.CONFORMANCE.glob("adapters*.py")):
        for analysis, functions in checked.functions_of(path.read_text(encoding="utf-8")).items():
            assert f"\n  {analysis}\n" in published
            assert functions, analysis
            assert all(one in published for one in functions)


def test_a_function_is_found_through_the_helpers_of_its_adapter(checked: ModuleType) -> None:
    source = (
        "from app.stats.icc import Icc, icc\n"
        "from app.stats.agreement import bland_altman\n"
        "def helper():\n    return icc([])\n"
        "def first():\n    return helper()\n"
        "def second():\n    return bland_altman([], [])\n"
        "ADAPTERS = {'one': first, 'two': second}\n"
    )
    assert checked.functions_of(source) == {
        "one": frozenset({"icc.icc"}),
        "two": frozenset({"agreement.bland_altman"}),
    }


def test_a_function_known_by_two_modules_is_named_by_the_one_it_is_written_in(checked: ModuleType) -> None:
    assert checked.home("agreement", "icc") == "icc.icc"
    assert checked.home("roc", "compare_paired") == "roc_paired.compare_paired"
    assert checked.home("roc", "roc") == "roc.roc"


def test_certified_and_printed_values_are_told_from_those_of_r(checked: ModuleType) -> None:
    r = {
        "r_call": "t.test",
        "source": "x",
        "r_version": "R version 4.2.2 Patched",
        "packages": {"stats": "4.2.2"},
    }
    assert checked.against([r, r]) == "R 4.2.2 (stats 4.2.2)"
    assert checked.against([{**r, "r_call": "certified values"}]) == "certified values of NIST StRD"
    assert checked.against([{**r, "source": "printed IBM SPSS output"}]) == "output printed by IBM SPSS"


def test_the_list_is_at_the_end_of_the_help_and_named_in_the_readme(checked: ModuleType) -> None:
    assert help_text().endswith(checked.LIST.read_text(encoding="utf-8"))
    assert "resources/help/checked.md" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_function_that_computes_is_without_any_test(checked: ModuleType) -> None:
    """Each is asked by an oracle, by a test of its own, or by a function of the library that is."""
    behind: set[str] = set()
    for path in sorted(checked.CONFORMANCE.glob("adapters*.py")):
        behind |= set().union(*checked.functions_of(path.read_text(encoding="utf-8")).values())
    alone = checked.public_functions() - behind - set(checked.own_tests())
    library = "\n".join(path.read_text(encoding="utf-8") for path in sorted(checked.LIBRARY.glob("*.py")))
    unused = [one for one in alone if library.count(one.split(".")[1]) < 2]
    assert unused == []
