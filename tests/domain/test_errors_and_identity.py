"""What the program refuses, whom it must not name, and how long work talks."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from app.domain.errors import (
    AppError,
    BlindingError,
    Cancelled,
    DataError,
    InputError,
    StoreTooNew,
    StoreUnavailable,
)
from app.domain.identity import Identity
from app.domain.progress import Progress, Silent
from app.domain.reasons import Reason

NAMED_FOLDER = Path("Wang^Fang") / "IM01"


@pytest.mark.parametrize("kind", [InputError, StoreUnavailable, StoreTooNew, BlindingError])
def test_an_error_carries_a_code_and_values_and_no_sentence(kind: type[AppError]) -> None:
    error = kind("roi.outside", slice=3, row=-1)
    assert isinstance(error, AppError)
    assert (error.code, error.values) == ("roi.outside", {"slice": 3, "row": -1})
    assert str(error) == "roi.outside(slice=3, row=-1)"


def test_an_error_without_values_is_its_code() -> None:
    assert str(InputError("protocol.unreadable")) == "protocol.unreadable()"


def test_a_data_error_can_name_its_file_to_the_user() -> None:
    error = DataError("dicom.truncated", NAMED_FOLDER, bytes=17)
    assert error.path == NAMED_FOLDER
    assert error.values == {"path": str(NAMED_FOLDER), "bytes": 17}


def test_a_data_error_keeps_a_folder_named_after_a_patient_out_of_logs() -> None:
    error = DataError("dicom.truncated", NAMED_FOLDER, bytes=17)
    logged = [str(error), repr(error), *traceback.format_exception(error)]
    assert str(error) == "dicom.truncated(bytes=17)"
    assert not any("Wang" in text for text in logged)


def test_a_cancelled_task_is_told_apart_from_a_failed_one() -> None:
    with pytest.raises(Cancelled) as caught:
        raise Cancelled
    assert caught.value.code == "task.cancelled"
    assert not isinstance(caught.value, InputError)


def test_an_identity_never_prints_what_it_holds() -> None:
    someone = Identity(
        patient_name="Wang^Fang",
        patient_id="000417",
        birth_date="1951-02-03",
        accession="A77",
        study_uid="1.2.840.9",
    )
    for text in (repr(someone), str(someone), f"{someone}", f"{[someone]}"):
        assert not any(secret in text for secret in ("Wang", "0417", "1951", "A77", "1.2.840"))


def test_an_identity_keeps_leading_zeros_and_is_empty_where_the_images_say_nothing() -> None:
    assert Identity(patient_id="000417").patient_id == "000417"
    nobody = Identity()
    fields = (
        "patient_name",
        "patient_id",
        "birth_date",
        "sex",
        "study_date",
        "accession",
        "study_uid",
        "frame_uid",
    )
    assert {getattr(nobody, field) for field in fields} == {""}


def test_identities_are_compared_by_what_they_hold() -> None:
    assert Identity(patient_id="1") == Identity(patient_id="1")
    assert Identity(patient_id="1") != Identity(patient_id="01")


def test_progress_nobody_watches_accepts_known_and_unknown_totals() -> None:
    progress: Progress = Silent()
    progress.report(3, None)
    progress.report(3, 10)


def test_reason_codes_are_those_of_the_protocol_and_never_change_their_text() -> None:
    written = (
        "FX_ACUTE FX_OLD HEMANG FOCAL SCHMORL MODIC DEGEN SCOLI SURG CEMENT METAL LSTV SWAP MOTION B0 NOISE "
        "FOV TOOSMALL DX_MARROW THERAPY NODATA OTHER"
    )
    assert [reason.value for reason in Reason] == written.split()
    assert all(reason.name == reason.value for reason in Reason)
