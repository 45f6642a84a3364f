"""A reader's start does not wait for the libraries of the statistics, the import or the tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "scipy", "sklearn", "SimpleITK", "pydicom", "pyqtgraph", "matplotlib")

_READ = """
import json, os, sys
from pathlib import Path
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from app import compose
from app.domain.protocol import LEVELS

app = compose.application()
window = compose.window(Path(sys.argv[1]))
window.show()
window.open(Path(sys.argv[2]))
space = window.workspace
space.open_case(next(case.exam_id for case in space.cases if case.code == "C0001"))
for number, level in enumerate(LEVELS):
    space.show_preview(level, space.ghost(12 + 18 * number, 40))
    space.commit_preview()
for name in ("worklist", "read", "audit"):
    window.show_page(name)
    app.processEvents()
space.sign_off(go_on=True)
app.processEvents()
locked = sum(case.locked for case in space.cases)
loaded = sorted({name.split(".")[0] for name in sys.modules})
window.close()
print(json.dumps({"locked": locked, "loaded": loaded}))
"""


def test_reading_and_signing_off_a_case_loads_nothing_heavy(reading_session: Path, home: Path) -> None:
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _READ, str(home), str(reading_session)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["locked"] == 1
    assert not set(HEAVY) & set(told["loaded"])


def test_the_words_of_the_command_line_need_no_qt() -> None:
    code = "import sys, app.ui.present, app.ui.sentences; print('PySide6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "False"
