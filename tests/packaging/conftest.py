"""What the tests of the set-up share: its modules loaded afresh, and a small clone to work on."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
SIBLINGS = ("commands", "console", "environment", "suite", "system_packages", "troubles")


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The script's modules, loaded afresh and forgotten after."""
    monkeypatch.syspath_prepend(str(PACKAGING))
    for name in SIBLINGS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    loaded = {name: importlib.import_module(name) for name in SIBLINGS}
    yield SimpleNamespace(**loaded, bootstrap=load_script())
    for name in SIBLINGS:
        sys.modules.pop(name, None)


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", PACKAGING / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project folder with two small locks."""
    (tmp_path / "packaging").mkdir()
    (tmp_path / "packaging" / "requirements.txt").write_text("a==1\n", encoding="utf-8")
    (tmp_path / "packaging" / "requirements-test.txt").write_text("a==1\nb==2\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def environment(setup: SimpleNamespace, clone: Path) -> Any:
    """An environment as it is after `run` has set it up, without any library in it."""
    made = setup.environment.Environment(clone)
    made.scripts.mkdir(parents=True)
    made.python.touch()
    made.write(setup.environment.Record("ready", made.maker))
    return made
