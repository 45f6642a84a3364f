"""Every file of the real data has a verdict written down, and gets exactly that."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.maps import ParametricMap
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused
from app.files.dicom.load import load_exam

EXPECTED = Path(__file__).parents[1] / "expected_verdicts.json"


def checksum(one: ParametricMap) -> str:
    """SHA-256 of the scaled values, float64 little-endian, in index order."""
    told = hashlib.sha256()
    for index in range(one.grid.shape[0]):
        told.update(one.slice_values(index).astype("<f8").tobytes())
    return told.hexdigest()


def verdicts(root: Path) -> dict[str, Any]:
    """What becomes of every file under a folder, by its path below it."""
    found = find_exams(root, Silent())
    told: dict[str, Any] = {}
    refused = [*found.refused]
    for exam in found.exams:
        try:
            loaded = load_exam(exam, Silent())
        except ExamRefused as verdict:
            refused += verdict.refused
            continue
        refused += loaded.refused
        for quantity, source in loaded.sources.items():
            one = loaded.exam.maps[quantity]
            facts = {
                "opened": str(quantity),
                "evidence": source.role_evidence,
                "unit": one.unit,
                "rule": one.scaling.rule,
                "factor": one.scaling.slope,
                "offset": one.scaling.intercept,
                "shape": list(one.grid.shape),
                "spacing_mm": [round(part, 4) for part in one.grid.spacing_mm],
                "axes": np.round(one.grid.axes, 4).tolist(),
                "values_sha256": checksum(one),
            }
            for index, path in enumerate(source.files):
                told[path.relative_to(root).as_posix()] = {**facts, "slice": index}
    for refusal in refused:
        told[refusal.path.relative_to(root).as_posix()] = {"refused": refusal.code}
    return told


def test_every_real_file_gets_the_verdict_that_is_written_down(test_data: Path) -> None:
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    told = verdicts(test_data)
    assert told.keys() == expected.keys()
    assert {name: verdict for name, verdict in told.items() if verdict != expected[name]} == {}


@pytest.mark.parametrize("folder", ["philips_enhanced_quant", "ge_b0map_hz_mixed_series"])
def test_no_expected_verdict_makes_a_map_of_t1_or_b0(folder: str) -> None:
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    of_folder = [verdict for name, verdict in expected.items() if name.startswith(folder)]
    assert of_folder
    assert all("refused" in verdict for verdict in of_folder)
