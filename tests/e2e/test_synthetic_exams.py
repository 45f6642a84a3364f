"""The whole way on exams whose truth is known, by hand: new session, import, reading, sign-off, table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq

if TYPE_CHECKING:
    from conftest import Desk, Layout, Program, Stored

pytestmark = pytest.mark.window

_SPECS = {
    "first": PhantomSpec(seed=71, ff_l1=38.0),
    # stored the other way round: shown alike, counted where it was stored
    "second": PhantomSpec(seed=72, ff_l1=56.0, r2star_l1=120.0, anterior_right=True),
}
# fits into the safe marrow of every vertebra
_ROWS, _COLS = 9, 9


@pytest.fixture
def phantoms(tmp_path: Path) -> dict[str, Phantom]:
    """Two exams, written as a scanner would."""
    made = {name: make_phantom(spec) for name, spec in _SPECS.items()}
    for name, phantom in made.items():
        header = CaseHeader(f"SECRET^{name.upper()}", f"ID-{name}", f"ACC-{name}", "20260102", "F")
        write_ideal_iq(phantom, tmp_path / "dicom" / name, case=header, uid_seed=name)
    return made


def _shown_middle(phantom: Phantom, level: int) -> tuple[int, float, float]:
    """Slice, shown row and shown column of the middle voxel of a level's safe marrow."""
    safe = phantom.truth.levels[level].safe
    assert safe is not None
    row, col = safe.row0 + safe.rows // 2 + 0.5, safe.col0 + safe.cols // 2 + 0.5
    cols = phantom.grid.shape[2]
    return safe.slice_index, row, cols - col if phantom.spec.anterior_right else col


def _go_to_slice(program: Program, layout: Layout, stored: Stored, desk: Desk, wanted: int) -> None:
    here = layout.told["slice"]
    if here != wanted:
        program.wheel(layout.point(10, 10), here - wanted)
        desk.wait_for(lambda: stored.place()[1] == wanted, f"slice {wanted}")


def _read_case(desk: Desk, program: Program, session: Path, phantom: Phantom) -> None:
    """Read the case at hand: place L1, make it smaller, place the others, which take over its size."""
    layout, stored = desk.layout(session), desk.stored(session)
    done = stored.revisions()
    slice_index, row, col = _shown_middle(phantom, 0)
    _go_to_slice(program, layout, stored, desk, slice_index)
    program.click(layout.point(row, col))
    stored.wait(done + 1)
    first = stored.boxes(layout.told["case"])["L1"]
    program.key("1", *["alt+Up"] * (first[3] - _ROWS), *["alt+Left"] * (first[4] - _COLS))
    stored.wait(done + 1 + first[3] - _ROWS + first[4] - _COLS)
    for level in range(1, 5):
        program.key(str(level + 1))
        program.click(layout.point(*_shown_middle(phantom, level)[1:], "R2STAR" if level % 2 else "FF"))
        desk.wait_for(lambda: len(stored.boxes(layout.told["case"])) == level + 1, f"level {level + 1}")  # noqa: B023
    # L1 was made smaller from its lower right edge: its middle goes back to where it belongs
    taken = stored.revisions()
    program.drag(layout.point(row, col - 1), layout.point(row, col - 1 + (first[4] - _COLS) // 2))
    stored.wait(taken + 1)
    desk.save_picture(f"case-{phantom.spec.seed}")
    signed = stored.count("reading_event")
    program.key("Return")
    desk.wait_for(lambda: stored.count("reading_event") == signed + 1, "the sign-off")


def _import(desk: Desk, program: Program, session: Path) -> None:
    """Look at the images, bring them in, and put the report away."""
    program.choose_file("ctrl+i", "Import images", desk.folder / "dicom")
    found = desk.wait_for(lambda: next(iter(program.windows("^Images to import")), ""), "what was found")
    program.focus(found)
    desk.save_picture("import-dialog")
    # nothing is in the session before it is wanted there
    assert desk.stored(session).count("exam") == 0
    program.key("Return")
    report = desk.wait_for(lambda: next(iter(program.windows("^Import")), ""), "the report of the import")
    desk.save_picture("import-report")
    program.focus(report)
    program.key("Escape")
    program.focus(program.window)


def test_a_new_session_read_with_the_mouse_gives_the_truth_of_the_phantoms(
    desk: Desk, phantoms: dict[str, Phantom]
) -> None:
    session = desk.folder / "study.marrow"
    stored = desk.stored(session)
    program = desk.start(None)
    program.choose_file("ctrl+n", "New session", session)
    desk.wait_for(session.exists, "the new session")
    _import(desk, program, session)
    # folders are imported in the order of their names
    imported = [code for (code,) in stored.rows("SELECT code FROM exam ORDER BY id")]
    codes = dict(zip(imported, phantoms, strict=True))
    waiting = set(codes)
    while waiting:
        # signing off opens the next one
        desk.wait_for(lambda: stored.place()[0] in waiting, "an unread case")
        code = stored.place()[0]
        _read_case(desk, program, session, phantoms[codes[code]])
        waiting.remove(code)
    (desk.folder / "csv").mkdir()
    program.choose_file("ctrl+e", "Export CSV", desk.folder / "csv")
    long = desk.folder / "csv" / "study-long.csv"
    desk.wait_for(long.exists, "the table")
    assert program.close() == ""

    rows = list(csv.DictReader(long.read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["case"], row["level"]) for row in rows] == [
        (code, f"L{number}") for code in sorted(codes) for number in range(1, 6)
    ]
    for row in rows:
        phantom = phantoms[codes[row["case"]]]
        k, top, left, height, width = (int(row[name]) for name in ("slice", "row0", "col0", "rows", "cols"))
        assert (height, width) == (_ROWS, _COLS)
        truth = phantom.truth.levels[int(row["level"][1]) - 1]
        for prefix, image, true, share in (
            ("FF", "FAT_FRACTION", truth.ff, 0.06),
            ("R2star", "R2_STAR_MAP", truth.r2star, 0.06),
        ):
            inside = phantom.images[image][k, top : top + height, left : left + width]
            assert float(row[f"{prefix}_mean"]) == pytest.approx(inside.mean(), rel=1e-12)
            assert float(row[f"{prefix}_mean"]) == pytest.approx(true, rel=share)
    text = long.read_text(encoding="utf-8-sig")
    assert "SECRET" not in text
    assert "ID-" not in text
