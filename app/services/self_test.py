"""The whole way of a number on this computer: file, import, rectangle, session, restart, CSV, statistics.

Every figure is compared with one that comes from elsewhere: the integers of a made-up exam, averaged by
numpy; and what the study behind the reference cohort printed.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from tempfile import TemporaryDirectory

import numpy as np

from app.domain.maps import MEASURED, Quantity
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import LevelTruth, PhantomSpec
from app.domain.progress import Silent
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.analyse import Analysis, analyse
from app.services.export import export
from app.services.export_fields import PREFIXES
from app.services.import_exams import import_path
from app.services.open_session import Session, audit_break, create_session, last_viewer, open_session
from app.services.read_exam import Case, open_case, set_rectangle, sign_off, worklist
from app.services.reference_cohort import make_reference_session
from app.stats.combined import LogisticModel
from app.stats.icc import Icc
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.store.about import sqlite_version

_SPEC = PhantomSpec(seed=7, slices=4, rows=160, cols=160)
_CASE = CaseHeader("Phantom^Self-test", "00417", "SELFTEST", "20260101", "O")
_CONTRASTS = {Quantity.FF: "FAT_FRACTION", Quantity.R2STAR: "R2_STAR_MAP"}
_LIBRARIES = ("numpy", "scipy", "pydicom", "zstandard", "pyqtgraph")

# what the study behind the reference cohort printed, three decimals; counts are exact
_PRINTED_ICC = {Quantity.FF: 0.893, Quantity.R2STAR: 0.902}
_PRINTED_AUC = {Quantity.FF: 0.893, Quantity.R2STAR: 0.843}
_PRINTED_COUNTS = {Quantity.FF: (41, 59), Quantity.R2STAR: (39, 58)}
_PRINTED_COMBINED = (0.931, 38, 66)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was tried.

    Attributes
    ----------
    code : str
        Key of its name, such as ``self_test.measure``.
    passed : bool
        Whether it came out as it must.
    """

    code: str
    passed: bool


def versions() -> Mapping[str, str]:
    """What the program runs on, by name; without Qt, which the window knows."""
    libraries = {name: version(name) for name in _LIBRARIES}
    return {"Python": python_version(), "SQLite": sqlite_version(), **libraries}


def self_test() -> tuple[Check, ...]:
    """Try everything that needs no window, in a folder that is removed afterwards.

    Raises
    ------
    AppError
        When something cannot be done at all on this computer, such as writing a session.
    """
    with TemporaryDirectory(prefix="marrowmark-") as place:
        folder = Path(place)
        return (*_check_reading(folder), *_check_statistics(folder))


# ---- from file to CSV


def _check_reading(folder: Path) -> Iterable[Check]:
    phantom = make_phantom(_SPEC)
    write_ideal_iq(phantom, folder / "exam", case=_CASE, layout="one_series_scrambled", uid_seed="self-test")
    session = create_session(folder / "self-test", synthetic=True)
    try:
        report = import_path(session, folder / "exam", Silent())
        yield Check("self_test.import", len(report.exams) == 1 and not report.refused)
        case = _read(session, phantom)
        yield Check("self_test.pixels", _same_pixels(case, phantom))
        yield Check("self_test.measure", _same_numbers(case, phantom))
        path = session.path
    finally:
        session.close()
    again = open_session(path)
    try:
        case = _only_case(again)
        yield Check("self_test.restart", case.reading.locked and _same_numbers(case, phantom))
        yield Check("self_test.audit", audit_break(again) is None)
        yield Check("self_test.export", _same_in_csv(again, folder / "out", phantom))
    finally:
        again.close()


def _only_case(session: Session) -> Case:
    viewer = last_viewer(session)
    (row,) = worklist(session, viewer)
    return open_case(session, viewer, row.exam_id)


def _read(session: Session, phantom: Phantom) -> Case:
    case = _only_case(session)
    for truth in phantom.truth.levels:
        box = truth.safe
        rectangle = Rectangle(box.slice_index, box.row0, box.col0, box.rows, box.cols)
        case, _ = set_rectangle(session, case, Level(truth.level), rectangle)
    case, _ = sign_off(session, case)
    return case


def _same_pixels(case: Case, phantom: Phantom) -> bool:
    return all(
        np.array_equal(case.exam.maps[quantity].stored, phantom.images[contrast])
        for quantity, contrast in _CONTRASTS.items()
    )


def _expected(phantom: Phantom, truth: LevelTruth, quantity: Quantity) -> dict[str, float]:
    """What numpy says of the integers that were written; one stored unit is 1 % or 1 s^-1."""
    voxels = phantom.images[_CONTRASTS[quantity]][truth.safe.index].astype(np.float64)
    return {
        "mean": float(voxels.mean()),
        "sd": float(voxels.std(ddof=1)),
        "median": float(np.median(voxels)),
        "min": float(voxels.min()),
        "max": float(voxels.max()),
        "n": float(voxels.size),
    }


def _same(found: Mapping[str, float], expected: Mapping[str, float]) -> bool:
    # the two ways of adding round differently in the last digits
    return all(math.isclose(found[name], value, rel_tol=1e-12) for name, value in expected.items())


def _same_numbers(case: Case, phantom: Phantom) -> bool:
    current = case.reading.history.current
    names = {"mean": "mean", "sd": "sd", "median": "median", "min": "minimum", "max": "maximum", "n": "n"}
    return all(
        _same(
            {
                name: getattr(current[Level(truth.level)].stats[quantity], field)
                for name, field in names.items()
            },
            _expected(phantom, truth, quantity),
        )
        for truth in phantom.truth.levels
        for quantity in MEASURED
    )


def _same_in_csv(session: Session, folder: Path, phantom: Phantom) -> bool:
    long, *_ = export(session, last_viewer(session), folder)
    with long.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["level"]: row for row in csv.DictReader(file)}
    return all(
        _same(
            {name: float(rows[truth.level][f"{PREFIXES[quantity]}_{name}"]) for name in expected},
            expected,
        )
        for truth in phantom.truth.levels
        for quantity in MEASURED
        for expected in [_expected(phantom, truth, quantity)]
    )


# ---- statistics


def _check_statistics(folder: Path) -> Iterable[Check]:
    session = make_reference_session(folder / "study.marrow")
    try:
        found = analyse(session, last_viewer(session))
    finally:
        session.close()
    yield Check("self_test.agreement", all(_same_icc(found, quantity) for quantity in MEASURED))
    yield Check("self_test.roc", all(_same_roc(found, quantity) for quantity in MEASURED))
    yield Check("self_test.combined", _same_combined(found.combined))


def _same_icc(found: Analysis, quantity: Quantity) -> bool:
    result = found.maps[quantity].icc
    if not isinstance(result, Icc) or result.headline.estimate is None:
        return False
    return round(result.headline.estimate, 3) == _PRINTED_ICC[quantity]


def _same_roc(found: Analysis, quantity: Quantity) -> bool:
    result = found.maps[quantity].roc
    return isinstance(result, Roc) and _figures(result) == (
        _PRINTED_AUC[quantity],
        *_PRINTED_COUNTS[quantity],
    )


def _same_combined(result: LogisticModel | NotDefined) -> bool:
    return isinstance(result, LogisticModel) and _figures(result.roc) == _PRINTED_COMBINED


def _figures(result: Roc) -> tuple[float, int, int] | None:
    """AUC, true positives and true negatives at the Youden cut-off."""
    cutoff = result.cutoff
    return None if cutoff is None else (round(result.auc, 3), cutoff.tp, cutoff.tn)
