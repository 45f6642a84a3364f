"""A clinical table to go with the demo exams, as a hospital in China might export it.

Bone mineral density is invented so that it falls as the fat fraction of the phantom rises, with scatter. Two
flaws are put in on purpose: a row whose patient was never scanned, and a row with the irregularities that
such tables have (an age with its unit, a Unicode minus, a value "not examined").
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from app.files.demo_exams import DemoExam

LEVELS = ("L1", "L2", "L3", "L4")
TOTAL = "L1-L4"

#: Young-adult mean of areal BMD in g/cm2 for each level and the total, and its SD: round figures near those
#: of common DXA reference data; good enough for a demo and used for nothing else.
YOUNG_MEAN = {"L1": 0.925, "L2": 1.028, "L3": 1.084, "L4": 1.116, TOTAL: 1.047}
YOUNG_SD = 0.11

#: T-score expected at 45 % FF, and its fall per point of FF (normal near 40 %, osteoporosis near 60 %).
T_AT_45, T_PER_POINT = -1.0, -0.115
PATIENT_SCATTER, LEVEL_SCATTER = 0.55, 0.3

HEADERS = (
    *("病历号", "检查号", "姓名", "性别", "年龄", "身高(cm)", "体重(kg)", "体重指数", "检查日期"),
    *(f"{level}骨密度(g/cm2)" for level in (*LEVELS, TOTAL)),
    *(f"{level} T值" for level in (*LEVELS, TOTAL)),
)
UNMATCHED_ID = "09999"


def write_clinical(exams: tuple[DemoExam, ...], path: Path, *, seed: int = 20260301) -> Path:
    """Write the clinical table of the demo: one row per exam, plus one that no exam has.

    Parameters
    ----------
    exams : tuple of DemoExam
        At least one. The exam with the fattiest marrow gets the irregular row.
    path : Path
        CSV file to write, UTF-8 with byte-order mark.
    seed : int
        Equal seeds give equal bytes.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    rng = np.random.default_rng(seed)
    rows = [_row(exam, rng) for exam in exams]
    worst = max(range(len(exams)), key=lambda i: exams[i].spec.ff_l1)
    stranger = {**rows[0], "病历号": UNMATCHED_ID, "检查号": "MR0000", "姓名": "Phantom 99"}
    rows[worst] = _soiled(rows[worst])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, HEADERS)
        writer.writeheader()
        writer.writerows([*rows, stranger])
    return path


def _row(exam: DemoExam, rng: np.random.Generator) -> dict[str, str]:
    case = exam.case
    scanned = dt.date.fromisoformat(f"{case.study_date[:4]}-{case.study_date[4:6]}-{case.study_date[6:]}")
    examined = scanned + dt.timedelta(days=int(rng.integers(-9, 10)))
    row = {
        "病历号": case.patient_id,
        "检查号": case.accession,
        "姓名": case.patient_name.replace("^", " "),
        "性别": {"M": "男", "F": "女"}.get(case.sex, ""),
        "年龄": str(exam.age_years),
        "身高(cm)": f"{exam.height_cm:.0f}",
        "体重(kg)": f"{exam.weight_kg:.1f}",
        "体重指数": f"{exam.weight_kg / (exam.height_cm / 100) ** 2:.1f}",
        "检查日期": examined.isoformat(),
    }
    return row | _density(exam, rng)


def _density(exam: DemoExam, rng: np.random.Generator) -> dict[str, str]:
    """BMD and T-score of each level and of the total; the total BMD is the mean of the levels."""
    mean_ff = float(np.mean([exam.spec.ff_of(level) for level in range(len(LEVELS))]))
    patient = T_AT_45 + T_PER_POINT * (mean_ff - 45) + rng.normal(0, PATIENT_SCATTER)
    bmd = {level: YOUNG_MEAN[level] + YOUNG_SD * (patient + rng.normal(0, LEVEL_SCATTER)) for level in LEVELS}
    bmd[TOTAL] = float(np.mean([bmd[level] for level in LEVELS]))
    cells = {f"{level}骨密度(g/cm2)": f"{value:.3f}" for level, value in bmd.items()}
    scores = {f"{level} T值": f"{(value - YOUNG_MEAN[level]) / YOUNG_SD:.1f}" for level, value in bmd.items()}
    return cells | scores


def _soiled(row: dict[str, str]) -> dict[str, str]:
    """The same row as it comes from a busy department."""
    soiled = {key: value.replace("-", "−") if key.endswith("T值") else value for key, value in row.items()}
    return {
        **soiled,
        "年龄": f"{row['年龄']}岁",
        "L2骨密度(g/cm2)": "未查",
        "检查日期": row["检查日期"].replace("-", "/"),
    }
