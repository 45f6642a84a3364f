"""Names and dates as writers leave them; the bytes are given, so that the truth is not pydicom's."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.files.dicom.headers import quietly, read_header
from app.files.dicom.people import identity_of, iso_date

WANG = "王^小东"


def header(name: bytes, charset: bytes = b"", sex: bytes = b"F", *, identifier: bytes = b"7") -> Dataset:
    """An implicit-VR header with these bytes."""

    def element(group: int, number: int, value: bytes) -> bytes:
        value += b" " * (len(value) % 2)
        return (
            group.to_bytes(2, "little")
            + number.to_bytes(2, "little")
            + len(value).to_bytes(4, "little")
            + value
        )

    data = element(8, 5, charset) if charset else b""
    data += element(8, 0x16, b"1.2")
    data += element(0x10, 0x10, name) + element(0x10, 0x20, identifier) + element(0x10, 0x40, sex)
    return dcmread(io.BytesIO(data), force=True)


@pytest.mark.parametrize(
    ("name", "charset", "expected", "guessed"),
    [
        (b"Doe^Jane", b"", "Doe^Jane", ""),
        (WANG.encode("gb18030"), b"GB18030", WANG, ""),
        (WANG.encode("gb18030"), b"", WANG, "GB18030"),
        (WANG.encode("gb18030"), b"ISO_IR 6", WANG, "GB18030"),
        (b"Wang=" + WANG.encode("gb18030"), b"", "Wang=" + WANG, "GB18030"),
        (WANG.encode(), b"", WANG, "UTF-8"),
        (WANG.encode(), b"ISO_IR 192", WANG, ""),
        # Chinese Windows under the name of UTF-8
        (WANG.encode("gb18030"), b"ISO_IR 192", WANG, "GB18030"),
        (b"\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab", b"\\ISO 2022 IR 58", WANG, ""),
        (b"\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", b"\\ISO 2022 IR 87", "山田^太郎", ""),
        (b"\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", b"\\ISO 2022 IR 149", "洪^吉洞", ""),
        (b"Buc^J\xe9r\xf4me", b"ISO_IR 100", "Buc^Jérôme", ""),
        # Latin that nobody declared is no Chinese and stays as it was read
        (b"Buc^Jer\xf4", b"", "Buc^Jerô", ""),
    ],
)
def test_names_are_read_in_their_character_set_and_a_guess_is_said(
    name: bytes, charset: bytes, expected: str, guessed: str
) -> None:
    with quietly():
        identity, told = identity_of(header(name, charset))
    assert (identity.patient_name, told) == (expected, guessed)


@pytest.mark.parametrize(
    ("sex", "expected"),
    [(b"F", "F"), (b"m", "M"), ("男".encode("gb18030"), "M"), ("女".encode(), "F"), (b"U", ""), (b"", "")],
)
def test_the_sex_may_be_written_in_chinese(sex: bytes, expected: str) -> None:
    with quietly():
        assert identity_of(header(b"A", b"", sex))[0].sex == expected


def test_a_name_that_was_looked_at_before_or_is_missing_is_text_already() -> None:
    dataset = header(b"Doe^Jane")
    assert str(dataset.PatientName) == "Doe^Jane"
    del dataset.PatientID
    identity, guessed = identity_of(dataset)
    assert (identity.patient_name, identity.patient_id, guessed) == ("Doe^Jane", "", "")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("19900131", "1990-01-31"),
        ("1990.01.31", "1990-01-31"),
        ("1990/1/5", "1990-01-05"),
        ("1990-01-31", "1990-01-31"),
        ("1990/01/", ""),
        ("1990/01-31", ""),
        ("19900231", ""),
        ("199001", ""),
        ("065Y", ""),
        ("", ""),
    ],
)
def test_dates_are_whole_days_or_nothing(written: str, expected: str) -> None:
    assert iso_date(written) == expected


NAMES = {
    "GH1301.dcm": "Wang^XiaoDong=王^小东=",
    "chrGB2312.dcm": "Zhang^XiaoDong=张^小东=",
    "chrH32.dcm": "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    "chrKoreanMulti.dcm": "김희중",
    "chrX1.dcm": "Wang^XiaoDong=王^小東=",
    "pydicom_chrArab.dcm": "قباني^لنزار",
    "pydicom_chrFren.dcm": "Buc^Jérôme",
    "pydicom_chrGerm.dcm": "Äneas^Rüdiger",
    "pydicom_chrGreek.dcm": "Διονυσιος",
    "pydicom_chrH31.dcm": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "pydicom_chrHbrw.dcm": "שרון^דבורה",
    "pydicom_chrI2.dcm": "Hong^Gildong=洪^吉洞=홍^길동",
    "pydicom_chrJapMulti.dcm": "やまだ^たろう",
    "pydicom_chrJapMultiExplicitIR6.dcm": "やまだ^たろう",
    "pydicom_chrRuss.dcm": "Люкceмбypг",
    "pydicom_chrX2.dcm": "Wang^XiaoDong=王^小东=",
}


@pytest.mark.parametrize("file", NAMES)
def test_real_names_of_many_languages_are_read(test_data: Path, file: str) -> None:
    with quietly():
        dataset = read_header(test_data / "charset" / file)
        assert isinstance(dataset, Dataset)
        identity, guessed = identity_of(dataset)
    assert identity.patient_name.rstrip(" =") == NAMES[file].rstrip("=")
    assert guessed == ""
