"""What touches Qt is loaded in the window's thread: beside the window's own work, loading it may crash."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Python tells of every module before it loads it; what was loaded before is not told
_WATCHED = """
import json, sys, threading
loaded_aside = []
def watch(event, told):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        loaded_aside.append(told[0])
sys.addaudithook(watch)

def until(done):
    from PySide6.QtCore import QCoreApplication, QEventLoop
    while not done():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
"""
_STATISTICS = """
from pathlib import Path
from app import compose
from app.services.reference_cohort import make_reference_session

folder = Path(sys.argv[1])
make_reference_session(folder / "study.marrow").close()
app = compose.application()
window = compose.window(folder)
window.show()
window.open(folder / "study.marrow")
window.show_page("statistics")
page = window.page("statistics")
until(lambda: page.body is not None and page.panel is not None)
told = {"aside": loaded_aside, "drawn": page.body.plot.figure is not None,
        "pyqtgraph": "pyqtgraph" in sys.modules}
window.close()
print(json.dumps(told))
"""
_IMPORT_AND_EXPORT = """
from pathlib import Path
from app import compose
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.wishes import Wishes
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.import_exams import Pick

folder = Path(sys.argv[1])
header = CaseHeader("SYNTHETIC^1", "ID1", "A1", "20260102", "F")
phantom = make_phantom(PhantomSpec(seed=1, slices=6, rows=128, cols=128))
write_ideal_iq(phantom, folder / "dicom", case=header, uid_seed="1")
(folder / "out").mkdir()
app = compose.application()
window = compose.window(folder)
window.workspace.create(folder / "study.marrow")
found, done = [], []
window.tasks.surveyed.connect(lambda paths, survey: found.append(survey))
window.tasks.imported.connect(done.append)
window.tasks.exported.connect(done.append)
window.tasks.survey_import((folder / "dicom",), Wishes())
until(lambda: found)
window.tasks.import_picks(tuple(Pick(one.found) for one in found[0].exams), {}, ())
until(lambda: len(done) == 1)
window.tasks.export(folder / "out")
until(lambda: len(done) == 2)
told = {"aside": loaded_aside, "cases": len(window.workspace.cases), "heavy": sorted(
    name for name in ("pandas", "pyqtgraph", "scipy.stats", "SimpleITK", "sklearn") if name in sys.modules)}
window.close()
print(json.dumps(told))
"""


def _run(code: str, folder: Path) -> dict[str, list[str]]:
    """What a process of its own tells, which must also end well."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _WATCHED + code, str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, list[str]] = json.loads(done.stdout)
    return told


def _of_qt(names: list[str]) -> list[str]:
    """Those that are Qt, or load it: what of ours does so lies in the `ui`, apart from its pure modules."""
    known = ("PySide6", "shiboken6", "pyqtgraph", "app.ui.plots.view", "app.ui.pages.statistics_body")
    return sorted({name for name in names if name.startswith(known)})


def test_the_statistics_load_their_libraries_aside_and_their_plots_in_the_window(tmp_path: Path) -> None:
    told = _run(_STATISTICS, tmp_path)
    assert told["drawn"]
    assert told["pyqtgraph"]
    assert "scipy" in told["aside"]
    assert _of_qt(told["aside"]) == []


def test_an_import_and_an_export_load_no_qt_aside_and_nothing_heavy_at_all(tmp_path: Path) -> None:
    told = _run(_IMPORT_AND_EXPORT, tmp_path)
    assert told["cases"] == 1
    assert "pydicom" in told["aside"] or "app.services.export" in told["aside"]
    assert _of_qt(told["aside"]) == []
    assert told["heavy"] == []
