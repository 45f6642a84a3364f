"""Commands that read image files."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import dcmread

import app
from app.cli import imports as cli_import
from app.cli.commands import parser
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.protocol import Protocol
from app.files.dicom.rules import FACTORS
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.open_session import create_session, last_viewer, open_session
from app.services.read_exam import worklist
from app.ui.sentences.files import CODE_WORDS

CONTRASTS = {
    "FF": "FAT_FRACTION",
    "R2STAR": "R2_STAR_MAP",
    "WATER": "WATER",
    "FAT": "FAT",
    "IN_PHASE": "IN_PHASE",
    "OUT_PHASE": "OUT_PHASE",
}
SECRETS = ("Secret", "0012345", "ACC-7", "1950", "2024-03-05", "20240305")
TEST_DATA = os.environ.get("MARROWMARK_TEST_DATA", "")


def counted(ask: Any, folder: Path, index: int, box: tuple[int, int, int, int]) -> Any:
    return ask("measure", folder, "--slice", index, "--rect", *box)


# ---- inspect


def test_inspect_accounts_for_every_file(ask: Any, written: Path) -> None:
    found = ask("inspect", written)
    (exam,) = found["exams"]
    in_maps = [file for one in exam["maps"].values() for file in one["files"]]
    refused = [entry["file"] for entry in found["refused"]]
    assert sorted(in_maps + refused) == sorted(path.as_posix() for path in written.iterdir())
    assert found["software"] == app.__version__
    (entry,) = found["refused"]
    assert (entry["code"], entry["values"]) == ("file.not_dicom", {})
    assert "not a DICOM file" in entry["sentence"]


def test_inspect_says_how_each_map_was_recognised_and_scaled(
    ask: Any, written: Path, phantom: Phantom
) -> None:
    (exam,) = ask("inspect", written)["exams"]
    assert (exam["shape"], exam["plane"], exam["field_strength_t"]) == ([4, 96, 112], "sagittal", 3.0)
    assert set(exam["maps"]) == set(CONTRASTS)
    for quantity, contrast in CONTRASTS.items():
        one = exam["maps"][quantity]
        scaling = one["scaling"]
        assert (one["role_evidence"], len(one["files"])) == ("image_type", 4)
        assert (scaling["rule"], scaling["slope"], scaling["intercept"]) == ("ge.physical", 1.0, 0.0)
        assert scaling["zero"] == (phantom.images[contrast] == 0).sum()


def test_inspect_tells_people_the_same_and_nothing_of_the_patient(run: Any, written: Path) -> None:
    said = run("inspect", written)
    assert said.status == 0
    for told in ("Fat fraction (%)", "R2* (s⁻¹)", "Water", "4 slices of 96 × 112", "3 T", "notes.txt"):
        assert told in said.out
    whole = said.out + run("inspect", written, "--json").out
    assert not [secret for secret in SECRETS if secret in whole]


def test_inspect_warns_of_a_missing_map(run: Any, ask: Any, exam: Path) -> None:
    maps = ask("inspect", exam)["exams"][0]["maps"]
    for file in maps["R2STAR"]["files"]:
        Path(file).unlink()
    said = run("inspect", exam)
    (told,) = ask("inspect", exam)["exams"][0]["warnings"]
    assert told["code"] == "exam.no_r2star"
    assert told["sentence"] in said.out


@pytest.mark.parametrize(
    "command",
    [("inspect",), ("import", "--session", "s"), ("measure", "--slice", "0", "--rect", "0", "0", "1", "1")],
)
def test_a_path_that_does_not_exist_is_said(run: Any, tmp_path: Path, command: tuple[str, ...]) -> None:
    name, *options = command
    said = run(name, tmp_path / "nowhere", *options)
    assert (said.status, said.out) == (1, "")
    assert said.err == f"There is no file or folder {tmp_path / 'nowhere'}. Check the spelling.\n"


def test_inspect_of_a_folder_without_dicom_is_an_answer(ask: Any, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    codes = {entry["code"] for entry in ask("inspect", tmp_path)["refused"]}
    assert codes == {"file.not_dicom", "scan.no_dicom"}


# ---- measure


@pytest.mark.parametrize(("index", "box"), [(0, (0, 0, 96, 112)), (2, (30, 41, 7, 5)), (3, (95, 111, 1, 1))])
def test_measure_counts_the_voxels_of_the_stored_matrix(
    ask: Any, written: Path, phantom: Phantom, index: int, box: tuple[int, int, int, int]
) -> None:
    found = counted(ask, written, index, box)
    row, col, rows, cols = box
    assert found["rectangle"] == {"slice": index, "row0": row, "col0": col, "rows": rows, "cols": cols}
    (exam,) = found["exams"]
    for quantity, contrast in CONTRASTS.items():
        stored = phantom.images[contrast]
        voxels = stored[index, row : row + rows, col : col + cols].astype(float)
        one = exam["maps"][quantity]
        assert one["n"] == rows * cols
        assert one["mean"] == pytest.approx(voxels.mean(), rel=1e-13)
        assert one["sd"] == (pytest.approx(voxels.std(ddof=1), rel=1e-12) if voxels.size > 1 else None)
        assert [one[name] for name in ("median", "minimum", "maximum", "zero", "saturated")] == [
            np.median(voxels),
            voxels.min(),
            voxels.max(),
            (voxels == 0).sum(),
            (voxels == stored.max()).sum(),
        ]
        dataset = pydicom.dcmread(one["file"])
        assert np.array_equal(dataset.pixel_array, stored[index])
    assert len(found["refused"]) == 1


def test_measure_counts_turned_and_pooled_rectangles(ask: Any, written: Path, phantom: Phantom) -> None:
    ways = ("--angle", "-30.5", "--slices", "3")
    found = ask("measure", written, "--slice", 1, "--rect", 40, 50, 9, 7, *ways)
    assert found["rectangle"] == {"slice": 1, "row0": 40, "col0": 50, "rows": 9, "cols": 7}
    assert (found["angle_deg"], found["slices_pooled"]) == (-30.5, 3)
    assert found["rule"] == "voxel-centre-rectangle/1+3-slices"
    _, high, wide = phantom.grid.spacing_mm
    rows, cols = np.indices(phantom.grid.shape[1:])
    # half a voxel cancels: the middle is the centre of voxel 44, 53
    offset = ((rows - 44) * high + 1j * (cols - 53) * wide) * np.exp(1j * np.deg2rad(30.5))
    there = (abs(offset.real) < 4.5 * high) & (abs(offset.imag) < 3.5 * wide)
    (exam,) = found["exams"]
    for quantity, contrast in CONTRASTS.items():
        voxels = phantom.images[contrast][:3, there].astype(float)
        one = exam["maps"][quantity]
        assert (one["n"], one["mean"]) == (voxels.size, pytest.approx(voxels.mean(), rel=1e-13))
        assert one["area_mm2"] == pytest.approx(there.sum() * high * wide)
        assert one["file"] == one["files"][1]
        for index, file in enumerate(one["files"]):
            assert np.array_equal(pydicom.dcmread(file).pixel_array, phantom.images[contrast][index])


def test_measure_tells_people_the_same_numbers(run: Any, ask: Any, written: Path) -> None:
    found = counted(ask, written, 1, (40, 50, 1, 1))["exams"][0]["maps"]
    said = run("measure", written, "--slice", 1, "--rect", 40, 50, 1, 1)
    assert said.status == 0
    assert f"Fat fraction (%): mean {found['FF']['mean']:.4f} · sd – ·" in said.out
    assert f"Water: mean {found['WATER']['mean']:.4f} ·" in said.out
    assert said.err == "1 file or folder not used\n"
    assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_measure_of_a_clean_folder_says_nothing_on_stderr(run: Any, exam: Path) -> None:
    (exam / "notes.txt").unlink()
    said = run("measure", exam, "--slice", 1, "--rect", 40, 50, 2, 2)
    assert (said.status, said.err) == (0, "")


@pytest.mark.parametrize(
    ("index", "box", "told"),
    [
        (4, (0, 0, 1, 1), "slices are 0 to 3, rows 0 to 95, columns 0 to 111"),
        (-1, (0, 0, 1, 1), "slices are 0 to 3"),
        (0, (-1, 0, 2, 2), "outside the image"),
        (0, (90, 0, 7, 1), "outside the image"),
        (0, (0, 0, 0, 4), "at least one voxel"),
        (0, (40, 50, 4, 4, "--slices", "3"), "on each of its slices"),
        (1, (0, 0, 4, 4, "--angle", "10"), "also when it is turned"),
        (1, (40, 50, 4, 4, "--angle", "nan"), "no angle"),
    ],
)
def test_a_rectangle_that_cannot_be_counted_is_1_with_a_sentence(
    run: Any, written: Path, index: int, box: tuple[int, int, int, int], told: str
) -> None:
    said = run("measure", written, "--slice", index, "--rect", *box, "--json")
    assert (said.status, said.out) == (1, "")
    assert told in said.err
    assert "Traceback" not in said.err


def test_measure_lists_several_exams_one_by_one(run: Any, ask: Any, written: Path, tmp_path: Path) -> None:
    for seed in (1, 2):
        write_ideal_iq(
            make_phantom(PhantomSpec(seed=seed, slices=4, rows=96, cols=96)),
            tmp_path / f"exam{seed}",
            case=CaseHeader("A^B", "1", "2", "20240101", "M"),
            layout="series_per_contrast",
            uid_seed=f"several{seed}",
        )
    assert len(counted(ask, tmp_path, 1, (40, 40, 3, 3))["exams"]) == 2
    said = run("measure", tmp_path, "--slice", 1, "--rect", 40, 40, 3, 3)
    assert "Exam 1:" in said.out
    assert "Exam 2:" in said.out


@pytest.mark.skipif(not TEST_DATA, reason="MARROWMARK_TEST_DATA names no folder of extra data")
@pytest.mark.parametrize(
    ("index", "box"), [(0, (60, 90, 9, 12)), (1, (100, 80, 20, 15)), (2, (0, 0, 160, 208))]
)
def test_measure_equals_a_recomputation_from_the_bytes_of_the_real_exam(
    ask: Any, index: int, box: tuple[int, int, int, int]
) -> None:
    folder = Path(TEST_DATA) / "real_spine_exam"
    (exam,) = counted(ask, folder, index, box)["exams"]
    row, col, rows, cols = box
    for quantity, token in (
        ("FF", "FAT_FRACTION"),
        ("R2STAR", "R2_STAR_MAP"),
        ("WATER", "WATER"),
        ("FAT", "FAT"),
    ):
        volume = raw_volume(folder, token)
        voxels = volume[index, row : row + rows, col : col + cols].astype(float)
        one = exam["maps"][quantity]
        assert one["mean"] == pytest.approx(math.fsum(voxels.ravel()) / voxels.size, rel=1e-13)
        assert one["sd"] == pytest.approx(voxels.std(ddof=1), rel=1e-12)
        assert one["median"] == np.median(voxels)
        assert (one["n"], one["saturated"]) == (voxels.size, (voxels == volume.max()).sum())


def raw_volume(folder: Path, token: str) -> Any:
    """Slices of one contrast in order of position, from the bytes of the files and nothing of ours."""
    slices = []
    for path in folder.glob("IM*"):
        header = pydicom.dcmread(path)
        if header.ImageType[3] == token:
            across, down = np.split(np.array(header.ImageOrientationPatient, float), 2)
            place = np.cross(across, down) @ np.array(header.ImagePositionPatient, float)
            length = header.Rows * header.Columns * 2
            voxels = np.frombuffer(path.read_bytes()[-length:], "<i2").reshape(header.Rows, header.Columns)
            slices.append((place, voxels))
    return np.stack([voxels for _, voxels in sorted(slices, key=lambda pair: pair[0])])


# ---- import


def test_import_makes_the_session_and_names_every_file_it_did_not_use(
    run: Any, written: Path, tmp_path: Path
) -> None:
    said = run("import", written, "--session", tmp_path / "new")
    assert said.status == 0
    assert "Fat fraction, R2*, Water, Fat, In phase, Out of phase (24 files)" in said.out
    assert "notes.txt" in said.out
    session = open_session(tmp_path / "new.marrow")
    try:
        assert len(worklist(session, last_viewer(session))) == 1
        assert session.protocol == Protocol()
    finally:
        session.close()
    assert not [secret for secret in SECRETS if secret in said.out + said.err]


def test_a_second_import_finds_the_exam_there_already(run: Any, written: Path, tmp_path: Path) -> None:
    run("import", written, "--session", tmp_path / "s.marrow")
    said = run("import", written, "--session", tmp_path / "s.marrow")
    assert (said.status, "already in the session" in said.out) == (0, True)


def test_import_takes_the_protocol_of_a_new_session_from_a_file(
    run: Any, written: Path, tmp_path: Path
) -> None:
    (tmp_path / "cervical.json").write_text(
        '{"name": "cervical-test", "first_ap_mm": 8}', encoding="utf-8-sig"
    )
    assert (
        run("import", written, "--session", tmp_path / "s", "--protocol", tmp_path / "cervical.json").status
        == 0
    )
    session = open_session(tmp_path / "s.marrow")
    try:
        assert (session.protocol.name, session.protocol.first_ap_mm) == ("cervical-test", 8.0)
    finally:
        session.close()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "not readable"),
        (b"[]", "not readable"),
        (b"\xff\xfe\x00", "not readable"),
        (None, "not readable"),
        (b'{"min_aera_mm2": 3}', "min_aera_mm2"),
    ],
)
def test_a_protocol_that_cannot_be_used_leaves_no_session(
    run: Any, written: Path, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "p.json"
    if content is not None:
        file.write_bytes(content)
    said = run("import", written, "--session", tmp_path / "s", "--protocol", file)
    assert (said.status, told in said.err) == (1, True)
    assert not list(tmp_path.glob("*.marrow*"))


def test_a_protocol_is_not_slipped_under_a_session_that_has_one(
    run: Any, written: Path, tmp_path: Path
) -> None:
    create_session(tmp_path / "s.marrow").close()
    (tmp_path / "p.json").write_text("{}")
    said = run("import", written, "--session", tmp_path / "s", "--protocol", tmp_path / "p.json")
    assert (said.status, "already has a protocol" in said.err) == (1, True)


def test_a_session_made_for_nothing_does_not_stay_and_one_that_was_there_does(
    run: Any, tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("hello")
    create_session(tmp_path / "old.marrow").close()
    for name in ("new", "old"):
        said = run("import", tmp_path / "letters", "--session", tmp_path / name)
        assert said.status == 1
        assert "a.txt" in said.out
        assert "Nothing could be imported" in said.err
    assert [path.name for path in tmp_path.glob("*.marrow")] == ["old.marrow"]


def test_an_import_into_a_session_that_is_open_elsewhere_is_refused(
    run: Any, written: Path, tmp_path: Path
) -> None:
    holder = create_session(tmp_path / "s.marrow")
    try:
        said = run("import", written, "--session", tmp_path / "s.marrow")
    finally:
        holder.close()
    assert (said.status, said.out) == (1, "")
    assert said.err


def test_an_interrupted_import_keeps_what_is_in(
    run: Any, exam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = cli_import.import_paths

    def interrupted(*arguments: Any, **_: Any) -> None:
        imported(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_import, "import_paths", interrupted)
    said = run("import", exam, "--session", tmp_path / "s")
    assert (said.status, said.err) == (1, "Stopped. What was stored before stays.\n")
    session = open_session(tmp_path / "s.marrow")
    try:
        assert not session.read_only
        assert len(worklist(session, last_viewer(session))) == 1
    finally:
        session.close()


def test_a_doubtful_scale_is_imported_with_a_name_only(run: Any, written: Path, tmp_path: Path) -> None:
    folder = tmp_path / "doubt"
    folder.mkdir()
    files = [path for path in written.rglob("*") if path.is_file() and path.suffix != ".txt"]
    for number, path in enumerate(files):
        header = dcmread(path)
        header.Manufacturer = "CANON_MEC"
        header.save_as(folder / str(number))
    assert "--confirm-scale FF=1" in run("inspect", folder).out
    words = ("import", folder, "--session", tmp_path / "s", "--confirm-scale", "FF=1")
    said = run(*words)
    assert (said.status, "--confirmed-by" in said.err) == (1, True)
    said = run(*words, "--confirmed-by", "A. Reader")
    assert (said.status, "Fat fraction, Water" in said.out) == (0, True)


@pytest.mark.parametrize("wrong", ["T1=1", "FF", "FF=abc", "FF=nan", "R2STAR=inf"])
def test_a_confirmation_that_is_none_is_wrong_usage_and_told_in_a_sentence(
    written: Path, tmp_path: Path, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["import", str(written), "--session", str(tmp_path), "--confirm-scale", wrong])
    assert caught.value.code == 2
    assert f"{wrong}: write FF=FACTOR or R2STAR=FACTOR with a number" in capsys.readouterr().err


def test_measure_takes_the_same_word_on_a_scale_as_an_import(
    run: Any, ask: Any, written: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "doubt"
    folder.mkdir()
    for number, path in enumerate(path for path in written.iterdir() if path.suffix != ".txt"):
        made = dcmread(path)
        made.Manufacturer = "CANON_MEC"
        made.save_as(folder / str(number))
    words = ("measure", folder, "--slice", 1, "--rect", 40, 50, 2, 2)
    said = run(*words)
    assert (said.status, said.out) == (1, "")
    assert "unit of this FF map is not certain" in said.err
    assert "unit of this R2* map is not certain" in said.err
    assert "--confirmed-by" in run(*words, "--confirm-scale", "FF=1").err
    # one of the two is counted, and the other one told
    said = run(*words, "--confirm-scale", "FF=1", "--confirmed-by", "A. Reader")
    assert (said.status, "Fat fraction (%): mean" in said.out) == (0, True)
    assert "unit of this R2* map is not certain" in said.err
    both = ("--confirm-scale", "FF=1", "--confirm-scale", "R2STAR=1", "--who", "A. Reader")
    (exam,) = ask(*words, *both)["exams"]
    assert {exam["maps"][name]["scale_confirmed_by"] for name in ("FF", "R2STAR")} == {"A. Reader"}


def test_every_word_for_what_a_range_looks_like_is_told_to_people() -> None:
    units = {*FACTORS, *(f"{kind}.out_of_range" for kind in ("ff", "r2star", "t2star"))}
    assert units | {"r2star.or_t2star", "r2star.or_times_ten"} <= set(CODE_WORDS)
