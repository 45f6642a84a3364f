"""What only a person can say, told on the command line: codes, answers, volumes, scales, resampling."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from SimpleITK import GetImageFromArray, WriteImage

from app.cli import commands
from app.cli.commands import SHOWS, parser
from app.domain.maps import Quantity
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.people import CHARSETS
from app.files.dicom.rules import FACTORS
from app.files.dicom.wishes import NOTHING, REFERENCE, T2STAR
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.import_exams import remembered_answers
from app.services.open_session import Session, open_session
from app.store import exams

TEST_DATA = os.environ.get("MARROWMARK_TEST_DATA", "")
Study = Callable[..., Path]
FF, R2STAR, WATER = "FAT_FRACTION", "R2_STAR_MAP", "WATER"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain") / "exam"
    phantom = make_phantom(PhantomSpec(seed=8, slices=4, rows=96, cols=96))
    case = CaseHeader("Secret^Name", "0012345", "ACC-7", "20240305", "F")
    write_ideal_iq(phantom, folder, case=case, uid_seed="wishes")
    return folder


@pytest.fixture
def study(plain: Path, tmp_path: Path) -> Study:
    """Write a copy of the exam with some of its contrasts, each file changed on the way."""

    def write(name: str, *contrasts: str, edit: Callable[[Dataset, str], None] | None = None) -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for path in sorted(plain.iterdir()):
            made = dcmread(path)
            contrast = made.ImageType[3]
            if contrasts and contrast not in contrasts:
                continue
            if edit is not None:
                edit(made, contrast)
            made.save_as(folder / path.name)
        return folder

    return write


@pytest.fixture
def codes_of(tmp_path: Path) -> Callable[[], set[str]]:
    """Case codes of the session ``s``."""

    def read() -> set[str]:
        session = open_session(tmp_path / "s.marrow")
        try:
            return exams.codes(session.database)
        finally:
            session.close()

    return read


def second_study(made: Dataset, contrast: str) -> None:
    same_images(made, contrast)
    # voxels of another patient
    made.PixelData = made.PixelData[:-2] + bytes(reversed(made.PixelData[-2:]))


def same_images(made: Dataset, _contrast: str) -> None:
    """The images of the study as another de-identification leaves them."""
    made.StudyInstanceUID += ".2"
    made.SOPInstanceUID += ".2"
    made.PatientID, made.AccessionNumber = "777", "ACC-8"


def nameless(made: Dataset, contrast: str) -> None:
    """R2* that says nowhere what it is."""
    if contrast == R2STAR:
        made.ImageType = ["DERIVED", "PRIMARY", "OTHER"]
        made.SeriesDescription = "Sag map 3"


def canon(made: Dataset, _contrast: str) -> None:
    made.Manufacturer = "CANON_MEC"


def anatomy(made: Dataset, contrast: str) -> None:
    """Water becomes a T1 series."""
    if contrast == WATER:
        made.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
        made.SeriesDescription = "Sag T1 FSE"
        made.ScanningSequence = "SE"
        made.RepetitionTime, made.EchoTime = 600, 12
        del made[0x0019109C]


def shifted_r2star(made: Dataset, contrast: str) -> None:
    if contrast == R2STAR:
        left, back, up = made.ImagePositionPatient
        made.ImagePositionPatient = [left, back, up - made.PixelSpacing[0] / 3]


def fine_r2star(made: Dataset, contrast: str) -> None:
    """R2* of half the voxel size over the same place."""
    if contrast == R2STAR:
        left, back, up = made.ImagePositionPatient
        down, across = made.PixelSpacing
        pixels = made.pixel_array.repeat(2, axis=0).repeat(2, axis=1)
        made.Rows, made.Columns = pixels.shape
        made.PixelSpacing = [down / 2, across / 2]
        made.ImagePositionPatient = [left, back - across / 4, up + down / 4]
        made.PixelData = pixels.tobytes()


# ---- usage


def test_what_the_command_line_knows_of_maps_and_units_is_what_the_readers_know() -> None:
    assert set(SHOWS) == {*(str(quantity) for quantity in Quantity), T2STAR, REFERENCE, NOTHING}
    units = {f"{shows.lower()}.{unit}" for shows, names in SHOWS.items() for unit in names}
    assert units == FACTORS.keys() - {"signal"}


@pytest.mark.parametrize("command", ["inspect", "import"])
def test_the_help_lists_every_map_and_unit(run: Any, command: str) -> None:
    words = run(command, "--help").out
    assert all(name in words for shows, units in SHOWS.items() for name in (shows, *units))


@pytest.mark.parametrize(
    "wrong",
    [
        ("--volume", "ff.nii"),
        ("--volume", "ff.nii=FF:bananas"),
        ("--volume", "=FF:percent"),
        ("--answer", "Sag map=FFF"),
        ("--answer", "Sag map=WATER:percent"),
        ("--code", "A1", "--codes", "codes.csv"),
    ],
)
def test_a_wish_that_is_none_is_wrong_usage(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["import", str(tmp_path), "--session", "s", *wrong])
    assert caught.value.code == 2


def test_a_description_may_hold_an_equals_sign_and_a_unit_may_follow_the_map() -> None:
    asked = parser().parse_args(["inspect", "there", "--answer", "TE=5=T2STAR:tenths_of_ms"])
    assert asked.answer == [("TE=5", "T2STAR", "t2star.tenths_of_ms")]


# ---- paths and codes


def test_several_paths_are_imported_at_once(
    run: Any, plain: Path, study: Study, tmp_path: Path, codes_of: Any
) -> None:
    said = run("import", plain, study("other", edit=second_study), "--session", tmp_path / "s")
    assert (said.status, "Exams imported: 2" in said.out) == (0, True)
    assert len(codes_of()) == 2


def test_r2star_that_comes_later_joins_its_exam(
    run: Any, study: Study, tmp_path: Path, codes_of: Any
) -> None:
    run("import", study("ff", FF, WATER, edit=anatomy), "--session", tmp_path / "s", "--code", "MM-1")
    said = run("import", study("r2", R2STAR), "--session", tmp_path / "s")
    assert (said.status, "MM-1: already in the session; R2* joined it" in said.out) == (0, True)
    assert codes_of() == {"MM-1"}


def test_a_reference_series_that_comes_later_is_told(run: Any, study: Study, tmp_path: Path) -> None:
    run("import", study("ff", FF), "--session", tmp_path / "s", "--code", "MM-1")
    said = run("import", study("all", FF, WATER, edit=anatomy), "--session", tmp_path / "s")
    assert (
        "MM-1: already in the session; only what stands below joined it\n    reference series: 1" in said.out
    )


def test_a_code_is_given_to_the_one_exam_there_is(
    run: Any, plain: Path, tmp_path: Path, codes_of: Any
) -> None:
    assert run("import", plain, "--session", tmp_path / "s", "--code", "MM-07").status == 0
    assert codes_of() == {"MM-07"}


def test_one_code_for_two_exams_is_refused(run: Any, plain: Path, study: Study, tmp_path: Path) -> None:
    other = study("other", edit=second_study)
    said = run("import", plain, other, "--session", tmp_path / "s", "--code", "MM-07")
    assert (said.status, "2 exams" in said.err) == (1, True)
    assert not list(tmp_path.glob("*.marrow*"))


def test_a_table_gives_each_exam_its_code(
    run: Any, plain: Path, study: Study, tmp_path: Path, codes_of: Any
) -> None:
    table = tmp_path / "codes.csv"
    table.write_text("PatientID,Case code\n0012345,MM-01\n777,MM-02\n", encoding="utf-8")
    other = study("other", edit=second_study)
    said = run("import", plain, other, "--session", tmp_path / "s", "--codes", table)
    assert said.status == 0
    assert codes_of() == {"MM-01", "MM-02"}


def test_images_that_came_before_under_another_study_stay_out_unless_they_are_asked_for(
    run: Any, plain: Path, study: Study, tmp_path: Path, codes_of: Any
) -> None:
    run("import", plain, "--session", tmp_path / "s", "--code", "MM-1")
    again = ("import", study("again", edit=same_images), "--session", tmp_path / "s", "--code", "MM-2")
    said = run(*again)
    assert (said.status, codes_of()) == (1, {"MM-1"})
    assert "holds the very voxels of case MM-1" in said.out
    assert "--same-voxels" in said.out
    assert run(*again, "--same-voxels").status == 0
    assert codes_of() == {"MM-1", "MM-2"}


def test_names_can_be_read_in_another_character_set(run: Any, study: Study, tmp_path: Path) -> None:
    def big5(made: Dataset, _contrast: str) -> None:
        del made.SpecificCharacterSet
        made.add_new("PatientName", "PN", "陳^大文".encode("big5"))

    run("import", study("big5", FF, edit=big5), "--session", tmp_path / "s", "--charset", "Big5")
    session = open_session(tmp_path / "s.marrow")
    try:
        assert [one.patient_name for one in exams.identities(session.database)] == ["陳^大文"]
    finally:
        session.close()
    assert tuple(CHARSETS) == commands.CHARSETS


# ---- answers


def remembered(path: Path) -> list[tuple[str, str, str]]:
    session: Session = open_session(path)
    try:
        return [
            (key.description, answer.shows, answer.who) for key, answer in remembered_answers(session).items()
        ]
    finally:
        session.close()


def test_a_series_that_says_nothing_is_asked_about_and_an_answer_counts_and_stays(
    run: Any, ask: Any, study: Study, tmp_path: Path
) -> None:
    folder = study("nameless", edit=nameless)
    assert '--answer "Sag map 3=FF"' in run("inspect", folder).out
    (question,) = ask("inspect", folder)["questions"]
    assert (question["description"], question["kind"], question["answer"]) == ("Sag map 3", "series", None)
    assert (question["shape"], len(question["files"])) == ([4, 96, 96], 4)
    told = ("--answer", "Sag map 3=R2STAR", "--who", "A. Reader")
    found = ask("inspect", folder, *told)
    assert "R2STAR" in found["exams"][0]["maps"]
    assert found["questions"][0]["answer"] == {"shows": "R2STAR", "unit": "", "who": "A. Reader"}
    assert "is taken for R2STAR" in run("inspect", folder, *told).out
    said = run("import", folder, "--session", tmp_path / "s", *told)
    assert (said.status, "Fat fraction, R2*, Water" in said.out) == (0, True)
    assert remembered(tmp_path / "s.marrow") == [("Sag map 3", "R2STAR", "A. Reader")]


def test_the_proposed_answer_is_what_the_first_word_of_the_series_says(run: Any, study: Study) -> None:
    def acquired(made: Dataset, contrast: str) -> None:
        made.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
        made.SeriesDescription = f"{contrast}: Cor T2"
        del made[0x0019109C]

    said = run("inspect", study("anatomical", WATER, edit=acquired)).out
    assert '--answer "WATER: Cor T2=WATER"' in said


def test_a_remembered_answer_holds_in_the_next_import(run: Any, study: Study, tmp_path: Path) -> None:
    first, second = study("first", edit=nameless), tmp_path / "second"

    def again(made: Dataset, contrast: str) -> None:
        nameless(made, contrast)
        second_study(made, contrast)

    told = ("--answer", "Sag map 3=R2STAR", "--who", "A. Reader")
    run("import", first, "--session", tmp_path / "s", *told)
    said = run("import", study(second.name, edit=again), "--session", tmp_path / "s")
    assert (said.status, "Fat fraction, R2*, Water" in said.out) == (0, True)


def two_ff(root: Path, plain: Path, suffix: str = " again") -> Path:
    """The exam with a second FF series, in one folder as a flat export leaves it."""
    root.mkdir()
    for path in sorted(plain.iterdir()):
        made = dcmread(path)
        made.save_as(root / path.name)
        if made.ImageType[3] == FF:
            made.SeriesInstanceUID += ".2"
            made.SOPInstanceUID += ".2"
            made.SeriesDescription += suffix
            made.PixelData = made.PixelData[:-2] + b"\x07\x00"
            made.save_as(root / f"{path.name}-again")
    return root


def test_of_two_series_of_a_map_in_one_folder_one_is_chosen_by_its_description(
    run: Any, ask: Any, plain: Path, tmp_path: Path
) -> None:
    folder = two_ff(tmp_path / "twice", plain)
    said = run("inspect", folder).out
    assert "is one of 2 FF series of a study" in said
    assert '--answer "FatFrac: Sag IDEAL IQ again=FF"' in said
    chosen = ("--answer", "FatFrac: Sag IDEAL IQ again=FF", "--who", "A. Reader")
    found = ask("inspect", folder, *chosen)
    (exam,) = found["exams"]
    assert all(file.endswith("-again") for file in exam["maps"]["FF"]["files"])
    assert [one["chosen"] for one in found["rivals"]] == [False, True]
    assert "was chosen among 2 FF series" in run("inspect", folder, *chosen).out
    said = run("import", folder, "--session", tmp_path / "s", *chosen)
    assert "Fat fraction, R2*, Water" in said.out
    assert "a person chose this one" in said.out
    # it is about these images, so nothing is remembered
    assert remembered(tmp_path / "s.marrow") == []


def test_series_that_are_called_the_same_are_chosen_by_their_uid(
    run: Any, ask: Any, plain: Path, tmp_path: Path
) -> None:
    folder = two_ff(tmp_path / "twice", plain, suffix="")
    second = ask("inspect", folder)["rivals"][1]["series_uid"]
    assert f'--answer "{second}=FF"' in run("inspect", folder).out
    said = run("inspect", folder, "--answer", "FatFrac: Sag IDEAL IQ=FF")
    assert (said.status, "Name the wanted one by its UID" in said.err) == (1, True)
    assert "FF" in ask("inspect", folder, "--answer", f"{second}=FF")["exams"][0]["maps"]


def test_an_answer_about_a_series_that_is_not_there_is_said(run: Any, plain: Path, tmp_path: Path) -> None:
    said = run(
        "import", plain, "--session", tmp_path / "s", "--answer", "Sag map 3=R2STAR", "--who", "A. Reader"
    )
    assert (said.status, "“Sag map 3”" in said.err) == (1, True)
    assert not list(tmp_path.glob("*.marrow*"))


@pytest.mark.parametrize("told", [("--answer", "x=FF"), ("--volume", "ff.nii=FF:percent")])
def test_nobody_cannot_say_what_a_series_shows(
    run: Any, plain: Path, tmp_path: Path, told: tuple[str, str]
) -> None:
    said = run("import", plain, "--session", tmp_path / "s", *told)
    assert (said.status, "--who" in said.err) == (1, True)


def test_who_confirms_a_scale_too(run: Any, study: Study, tmp_path: Path) -> None:
    folder = study("canon", FF, edit=canon)
    words = ("import", folder, "--session", tmp_path / "s", "--confirm-scale", "FF=1")
    assert run(*words, "--who", "A. Reader").status == 0


# ---- volumes


def test_a_volume_is_imported_once_its_map_and_unit_are_said(
    run: Any, ask: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codes_of: Any
) -> None:
    folder = tmp_path / "volumes"
    folder.mkdir()
    values = np.random.default_rng(1).uniform(0.05, 0.95, (6, 40, 32)).astype(np.float32)
    image = GetImageFromArray(values)
    image.SetSpacing((1.0, 1.0, 4.0))
    WriteImage(image, str(folder / "ff.nii.gz"))
    assert "--volume ff.nii.gz=FF:percent" in run("inspect", folder).out
    assert ask("inspect", folder)["questions"][0]["kind"] == "volume"
    # spelled in another way than the folder
    monkeypatch.chdir(folder)
    told = ("--volume", "ff.nii.gz=FF:fraction", "--who", "A. Reader")
    (exam,) = ask("inspect", folder, *told)["exams"]
    assert (exam["maps"]["FF"]["scaling"]["factor"], exam["pairing"]) == (100.0, "single")
    said = run("import", folder, "--session", tmp_path / "s", "--code", "V1", *told)
    assert (said.status, codes_of()) == (0, {"V1"})


def test_a_volume_that_is_not_there_is_said(run: Any, plain: Path) -> None:
    said = run("inspect", plain, "--volume", "elsewhere/ff.nii=FF:percent")
    assert (said.status, said.out, "ff.nii is no NIfTI" in said.err) == (1, "", True)


# ---- maps that no scanner made


def test_signal_ff_is_computed_when_asked_and_says_so(run: Any, ask: Any, study: Study) -> None:
    folder = study("signals", WATER, "FAT")
    assert ask("inspect", folder)["exams"] == []
    (exam,) = ask("inspect", folder, "--signal-ff")["exams"]
    assert exam["maps"]["FF"]["scaling"]["derived"] == "signal_ff"
    assert "signal FF: computed from water and fat" in run("inspect", folder, "--signal-ff").out


def test_r2star_that_does_not_fit_is_told_and_resampled_when_asked(run: Any, ask: Any, study: Study) -> None:
    folder = study("apart", FF, R2STAR, edit=shifted_r2star)
    (exam,) = ask("inspect", folder)["exams"]
    assert (exam["pairing"], len(exam["unpaired"])) == ("apart", 1)
    assert "--resample would bring it onto FF" in run("inspect", folder).out
    (exam,) = ask("inspect", folder, "--resample")["exams"]
    one = exam["maps"]["R2STAR"]
    assert (exam["pairing"], one["scaling"]["derived"]) == ("resampled", "resampled")
    assert one["resampled_onto"]["shape"] == exam["shape"]
    assert "interpolated onto the voxels of FF" in run("inspect", folder, "--resample").out


def test_maps_on_voxels_of_their_own_are_shown_so(run: Any, ask: Any, study: Study) -> None:
    folder = study("fine", FF, R2STAR, edit=fine_r2star)
    (exam,) = ask("inspect", folder)["exams"]
    assert (exam["pairing"], exam["shape"]) == ("own", [4, 96, 96])
    assert exam["maps"]["R2STAR"]["shape"] == [4, 192, 192]
    said = run("inspect", folder).out
    assert "each is counted on its own voxels" in said
    assert "on its own 4 × 192 × 192 voxels" in said


# ---- what inspect shows of evidence


def test_a_doubted_scale_is_shown_with_rule_range_and_what_must_be_confirmed(
    run: Any, ask: Any, study: Study
) -> None:
    folder = study("canon", FF, edit=canon)
    found = ask("inspect", folder)
    (exam,) = found["exams"]
    assert exam["maps"] == {}
    one = exam["not_usable"]["FF"]
    decision = one["decision"]
    assert (one["scaling"], one["why_not"]) == (None, None)
    assert (decision["rule"], decision["expected"], decision["seen"]) == ("none", "none", "ff.percent")
    assert (decision["factor"], decision["needs_confirmation"]) == (1.0, True)
    assert decision["p50"] <= decision["p99"] <= decision["p995"]
    assert {entry["file"] for entry in found["refused"]} == set(one["files"])
    said = run("inspect", folder).out
    assert "rule: no rule is known · expected: no rule is known · range: fits percent · factor 1" in said
    assert "a person must confirm the unit: --confirm-scale FF=1" in said


def test_a_range_of_no_known_unit_proposes_nothing(run: Any, study: Study) -> None:
    def large(made: Dataset, _contrast: str) -> None:
        pixels = np.random.default_rng(int(made.InstanceNumber)).integers(15000, 30000, 96 * 96)
        made.PixelData = pixels.astype("<i2").tobytes()

    said = run("inspect", study("large", FF, edit=large)).out
    assert "the range does not tell the unit" in said
    assert "--confirm-scale" not in said


def test_a_map_that_cannot_be_used_says_why(run: Any, ask: Any, study: Study) -> None:
    folder = study("broken", FF, R2STAR)
    broken = next(path for path in folder.iterdir() if dcmread(path).ImageType[3] == R2STAR)
    broken.write_bytes(broken.read_bytes()[:-100])
    (exam,) = ask("inspect", folder)["exams"]
    assert exam["not_usable"]["R2STAR"]["why_not"]["code"] == "pixels.truncated"
    assert exam["not_usable"]["R2STAR"]["decision"] is None
    assert f"not usable: {broken.name} is cut off" in run("inspect", folder).out


def test_counts_percentiles_and_factor_of_a_settled_scale_are_shown(run: Any, ask: Any, plain: Path) -> None:
    scaling = ask("inspect", plain)["exams"][0]["maps"]["FF"]["scaling"]
    said = run("inspect", plain).out
    assert (
        f"voxels below 0: {scaling['below']}, above 100 (FF only): {scaling['above']}, exactly 0: "
        f"{scaling['zero']}, at the maximum: {scaling['maximum']}, without a value: 0" in said
    )
    assert "range: fits percent · factor 1" in said
    assert "recognised by image type" in said
    assert "FF and R2* share their voxels" in said


def test_t2star_is_shown_as_what_it_becomes(run: Any, study: Study) -> None:
    def t2star(made: Dataset, contrast: str) -> None:
        if contrast == R2STAR:
            made.ImageType = ["DERIVED", "PRIMARY", "DIXON", "T2_STAR_MAP"]
            made.SeriesDescription = "T2*: Sag IDEAL IQ"
            made.PixelData = (1000 // np.maximum(made.pixel_array, 20)).astype("<i2").tobytes()

    said = run("inspect", study("t2star", FF, R2STAR, edit=t2star)).out
    assert "holds T2* in ms; R2* = 1000 / T2* voxel by voxel" in said


def test_reference_series_are_listed_beside_the_maps(run: Any, ask: Any, study: Study) -> None:
    folder = study("anatomy", FF, WATER, edit=anatomy)
    (exam,) = ask("inspect", folder)["exams"]
    (reference,) = exam["references"]
    assert (reference["name"], len(reference["files"])) == ("T1", 4)
    assert "T1 for reference: 4 files" in run("inspect", folder).out


@pytest.mark.skipif(not TEST_DATA, reason="MARROWMARK_TEST_DATA names no folder of extra data")
def test_inspect_accounts_once_for_every_file_of_every_vendor(ask: Any) -> None:
    found = ask("inspect", TEST_DATA)
    account: Counter[str] = Counter(entry["file"] for entry in found["refused"])
    for exam in found["exams"]:
        used = [*exam["maps"].values(), *exam["references"]]
        account.update({file for one in used for file in one["files"]})
    walked = {path.as_posix() for path in Path(TEST_DATA).rglob("*") if path.is_file()}
    assert set(account.values()) == {1}
    # what lies in archives is listed beside the files of the disc
    assert walked == {file for file in account if Path(file).is_file()}
    assert all(".zip/" in file for file in account.keys() - walked)
