from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.domain.phantom import Phantom, draw_anatomy, make_phantom
from app.domain.phantom_noise import fit_covariance
from app.files.demo_clinical import HEADERS, UNMATCHED_ID, write_clinical
from app.files.demo_exams import DemoExam, read_recipe, write_demo
from app.files.resources import resource

EXAMS = read_recipe(resource("demo", "exams.json").read_text(encoding="utf-8"))


class Counter:
    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    def report(self, done: int, total: int | None) -> None:
        self.told.append((done, total))


@pytest.fixture(scope="module", params=EXAMS, ids=[exam.folder for exam in EXAMS])
def drawn(request: pytest.FixtureRequest) -> tuple[DemoExam, Phantom]:
    return request.param, make_phantom(request.param.spec)


def _small(exam: DemoExam) -> DemoExam:
    return replace(exam, spec=replace(exam.spec, slices=4, rows=96, cols=96))


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_truth_of_every_healthy_level_is_found_again_within_its_noise(
    drawn: tuple[DemoExam, Phantom],
) -> None:
    exam, phantom = drawn
    signal = draw_anatomy(exam.spec).signal
    for level in phantom.truth.levels:
        if level.flag is not None:
            continue
        bound = fit_covariance(np.array(level.ff / 100), np.array(level.r2star))
        local = float(signal[level.safe.index].mean())
        noise = np.sqrt(np.diag(bound)) / (exam.spec.snr * local * np.sqrt(level.safe.rows * level.safe.cols))
        ff = phantom.images["FAT_FRACTION"][level.safe.index].mean()
        r2star = phantom.images["R2_STAR_MAP"][level.safe.index].mean()
        assert abs(ff - level.ff) < 3.5 * 100 * noise[0] + 0.1
        assert abs(r2star - level.r2star) < 3.5 * noise[1] + 0.3


def test_measured_fat_rises_from_l1_to_l5(drawn: tuple[DemoExam, Phantom]) -> None:
    _, phantom = drawn
    sound = [(i, level) for i, level in enumerate(phantom.truth.levels) if level.flag is None]
    measured = [phantom.images["FAT_FRACTION"][level.safe.index].mean() for _, level in sound]
    assert np.polyfit([i for i, _ in sound], measured, 1)[0] > 0.4
    assert measured[-1] > measured[0]


def test_there_are_twelve_exams_with_one_fracture_one_haemangioma_and_one_swap() -> None:
    kinds = sorted(exam.spec.lesion.kind for exam in EXAMS if exam.spec.lesion is not None)
    assert len(EXAMS) == 12
    assert kinds == ["fracture", "haemangioma", "swap"]
    assert sum(exam.spec.anterior_right for exam in EXAMS) == 2
    assert {exam.layout for exam in EXAMS} == {"series_per_contrast", "one_series_scrambled"}


def test_patients_are_told_apart_by_identifiers_that_spreadsheets_would_spoil() -> None:
    assert len({exam.case.patient_id for exam in EXAMS}) == 12
    assert len({exam.case.accession for exam in EXAMS}) == 12
    assert len({exam.spec.seed for exam in EXAMS}) == 12
    assert all(exam.case.patient_id.startswith("0") for exam in EXAMS)


def test_a_demo_is_written_as_dicom_with_the_truth_beside_it(tmp_path: Path) -> None:
    counter = Counter()
    exams = (_small(EXAMS[0]), _small(EXAMS[4]))
    files = write_demo(exams, tmp_path / "demo", counter)
    assert counter.told == [(1, 2), (2, 2)]
    for exam in exams:
        folder = files.dicom / exam.folder
        assert len(list(folder.iterdir())) == 24
        assert pydicom.dcmread(folder / "IM0001").PatientID == exam.case.patient_id
        truth = json.loads((files.truth / f"{exam.folder}.json").read_text(encoding="utf-8"))
        made = make_phantom(exam.spec).truth
        assert truth["mid_slice"] == made.mid_slice
        assert [level["ff"] for level in truth["levels"]] == [level.ff for level in made.levels]
        assert [level["flag"] for level in truth["levels"]] == [level.flag for level in made.levels]
        assert truth["levels"][0]["safe"]["row0"] == made.levels[0].safe.row0
        assert truth["spec"]["seed"] == exam.spec.seed
    assert not list(files.dicom.rglob("*.json"))
    assert files.clinical.is_file()


def test_the_clinical_table_has_one_row_per_exam_and_one_stranger(tmp_path: Path) -> None:
    rows = _table(write_clinical(EXAMS, tmp_path / "clinical.csv"))
    known = {exam.case.patient_id for exam in EXAMS}
    assert [row["病历号"] for row in rows if row["病历号"] in known] == [
        exam.case.patient_id for exam in EXAMS
    ]
    assert [row["病历号"] for row in rows if row["病历号"] not in known] == [UNMATCHED_ID]
    assert tuple(rows[0]) == HEADERS


def test_the_clinical_table_starts_with_a_byte_order_mark_and_is_the_same_every_time(tmp_path: Path) -> None:
    first, again = (write_clinical(EXAMS, tmp_path / name).read_bytes() for name in ("a.csv", "b.csv"))
    assert first == again
    assert first.startswith(b"\xef\xbb\xbf")
    assert write_clinical(EXAMS, tmp_path / "c.csv", seed=1).read_bytes() != first


def test_exactly_one_row_is_as_irregular_as_real_tables_are(tmp_path: Path) -> None:
    rows = _table(write_clinical(EXAMS, tmp_path / "clinical.csv"))
    dirty = [row for row in rows if "未查" in row.values()]
    assert len(dirty) == 1
    assert dirty[0]["年龄"] == "76岁"
    assert dirty[0]["L1-L4 T值"].startswith("−")
    assert "/" in dirty[0]["检查日期"]
    assert not any("−" in "".join(row.values()) or "岁" in row["年龄"] for row in rows if row is not dirty[0])


def test_bone_density_falls_as_the_fat_of_the_marrow_rises(tmp_path: Path) -> None:
    rows = _table(write_clinical(EXAMS, tmp_path / "clinical.csv"))
    bmd = [float(row["L1-L4骨密度(g/cm2)"]) for row in rows[: len(EXAMS)]]
    ff = [exam.spec.ff_of(1.5) for exam in EXAMS]
    assert np.corrcoef(ff, bmd)[0, 1] < -0.8
    scores = [float(row["L1-L4 T值"].replace("−", "-")) for row in rows[: len(EXAMS)]]
    assert min(scores) < -2.5
    assert max(scores) > -1.0
    for row, density, score in zip(rows, bmd, scores, strict=False):
        assert score == pytest.approx((density - 1.047) / 0.11, abs=0.06), row["病历号"]


def test_bone_density_is_examined_within_a_fortnight_of_the_scan(tmp_path: Path) -> None:
    rows = _table(write_clinical(EXAMS, tmp_path / "clinical.csv"))
    for exam, row in zip(EXAMS, rows, strict=False):
        scanned = np.datetime64(
            f"{exam.case.study_date[:4]}-{exam.case.study_date[4:6]}-{exam.case.study_date[6:]}"
        )
        examined = np.datetime64(row["检查日期"].replace("/", "-"))
        assert abs(int((examined - scanned) / np.timedelta64(1, "D"))) <= 14
