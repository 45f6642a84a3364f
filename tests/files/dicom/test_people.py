"""Names and dates as writers leave them; the bytes are given, so that the truth is not pydicom's."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.domain.identity import Identity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.headers import quietly, read_header
from app.files.dicom.people import (
    DOUBTFUL,
    age_between,
    identity_of,
    iso_date,
    read_as,
    whole_years,
    written_in,
)
from app.files.dicom.wishes import Wishes
from app.files.dicom.written import Written

Write = Callable[..., Any]
WANG = "王^小东"


def header(
    name: bytes,
    charset: bytes = b"",
    sex: bytes = b"F",
    *,
    identifier: bytes = b"7",
    age: bytes = b"",
    birth: bytes = b"",
) -> Dataset:
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
    data += element(8, 0x16, b"1.2") + element(8, 0x20, b"20240131")
    data += element(0x10, 0x10, name) + element(0x10, 0x20, identifier) + element(0x10, 0x30, birth)
    data += element(0x10, 0x40, sex) + element(0x10, 0x1010, age)
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
        # Latin that nobody declared is no Chinese, stays as it was read, and is in doubt
        (b"Buc^Jer\xf4", b"", "Buc^Jerô", DOUBTFUL),
        (b"M\xfcller^J\xf6rg", b"ISO_IR 100", "Müller^Jörg", ""),
        # Chinese that calls itself Latin
        (WANG.encode("gb18030"), b"ISO_IR 100", WANG.encode("gb18030").decode("latin1"), DOUBTFUL),
        # Taiwan's, which nobody declared
        ("陳^大文".encode("big5"), b"", "陳^大文".encode("big5").decode("latin1"), DOUBTFUL),
    ],
)
def test_names_are_read_in_their_character_set_and_a_guess_is_said(
    name: bytes, charset: bytes, expected: str, guessed: str
) -> None:
    with quietly():
        identity, told = identity_of(header(name, charset))
    assert (identity.patient_name, told) == (expected, guessed)


@pytest.mark.parametrize(
    ("charset", "encoding", "name"),
    [
        ("GB18030", "gb18030", WANG),
        ("Big5", "big5", "陳^大文"),
        ("UTF-8", "utf-8", "Ñandú^Łuk"),
        ("Shift-JIS", "shift_jis", "山田^太郎"),
        ("EUC-KR", "euc_kr", "홍^길동"),
    ],
)
@pytest.mark.parametrize("declared", [b"", b"ISO_IR 100"])
def test_a_name_can_be_read_in_another_character_set_and_back(
    charset: str, encoding: str, name: str, declared: bytes
) -> None:
    dataset = header(name.encode(encoding), declared, "男".encode("gb18030"), age=b"063Y", birth=b"19600101")
    with quietly():
        written = written_in(dataset)
        before, guessed = identity_of(dataset)
        told, in_doubt = read_as(before, written, charset)
        back = read_as(told, written, "")
    assert (told.patient_name, told.patient_id, told.age, in_doubt) == (name, "7", "63", "")
    assert (told.birth_date, told.study_date) == (before.birth_date, before.study_date)
    assert back == (before, guessed)
    assert written.beyond_ascii
    assert name not in repr(written)


def test_a_name_whose_bytes_are_gone_is_read_in_no_other_way() -> None:
    written = Written(name="Doe^Jane")
    assert read_as(Identity(), written, "Big5")[0].patient_name == "Doe^Jane"
    assert not written.beyond_ascii
    assert not Written(name=b"Doe^Jane").beyond_ascii
    # bytes that are none of this character set show where they are
    assert "\ufffd" in read_as(Identity(), Written(name=b"\xff\xff"), "UTF-8")[0].patient_name


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


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("065Y", "65"),
        ("65", "65"),
        (" 65Y ", "65"),
        ("65y", "65"),
        ("65岁", "65"),
        ("65 岁", "65"),
        ("65周岁", "65"),
        ("000Y", "0"),
        ("130Y", "130"),
        ("018M", "1"),
        ("18个月", "1"),
        ("011M", "0"),
        ("080W", "1"),
        ("400D", "1"),
        ("400天", "1"),
        ("999Y", ""),
        ("-65Y", ""),
        ("65.5", ""),
        ("sixty", ""),
        ("1990/01/", ""),
        ("Y", ""),
        ("", ""),
    ],
)
def test_ages_are_whole_years_or_nothing(written: str, expected: str) -> None:
    assert whole_years(written) == expected


@pytest.mark.parametrize(
    ("born", "examined", "expected"),
    [
        ("1960-02-29", "2024-01-31", "63"),
        ("1960-01-31", "2024-01-31", "64"),
        ("1960-02-29", "2023-02-28", "62"),
        ("1960-02-29", "2023-03-01", "63"),
        ("", "2024-01-31", ""),
        ("1960-02-29", "", ""),
        ("2024-02-01", "2024-01-31", ""),
        ("1824-01-01", "2024-01-31", ""),
    ],
)
def test_an_age_needs_two_whole_dates_in_order(born: str, examined: str, expected: str) -> None:
    assert age_between(born, examined) == expected


@pytest.mark.parametrize(
    ("age", "birth", "charset", "expected"),
    [
        (b"065Y", b"19600229", b"", "65"),
        (b" 65Y ", b"", b"", "65"),
        ("65岁".encode("gb18030"), b"", b"", "65"),
        ("65岁".encode("gb18030"), b"", b"GB18030", "65"),
        ("65岁".encode(), b"", b"ISO_IR 192", "65"),
        (b"unknown", b"19600229", b"", "63"),
        (b"", b"1960-02-29", b"", "63"),
        (b"", b"1990/01/", b"", ""),
        (b"\xff\xfe", b"\x00\x01", b"", ""),
    ],
)
def test_the_age_is_taken_from_its_element_and_else_from_the_dates(
    age: bytes, birth: bytes, charset: bytes, expected: str
) -> None:
    with quietly():
        told, _ = identity_of(header(b"A", charset, age=age, birth=birth))
    assert told.age == expected


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


def test_a_guessed_character_set_is_pointed_out_without_the_name(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.add_new("PatientName", "PN", WANG.encode("gb18030"))

    (exam,) = find_exams(write(tmp_path / "exam", ("FF", "R2STAR"), edit=edit).folder, Silent()).exams
    assert exam.identity.patient_name == WANG
    assert [one.values for one in exam.warnings if one.code == "people.guessed_charset"] == [
        {"charset": "GB18030"}
    ]


def test_a_doubtful_name_is_pointed_out_and_read_as_a_person_says(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.SpecificCharacterSet = "ISO_IR 100"
        made.add_new("PatientName", "PN", WANG.encode("gb18030"))

    folder = write(tmp_path / "exam", ("FF", "R2STAR"), edit=edit).folder
    (exam,) = find_exams(folder, Silent()).exams
    assert [one.code for one in exam.warnings] == ["people.doubtful_charset"]
    (exam,) = find_exams(folder, Silent(), Wishes(charset="GB18030")).exams
    assert (exam.identity.patient_name, exam.warnings) == (WANG, ())


def test_a_name_that_its_files_settle_is_read_as_they_say_whatever_is_wished(
    tmp_path: Path, write: Write
) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.SpecificCharacterSet, made.PatientName = "GB18030", WANG

    folder = write(tmp_path / "exam", ("FF", "R2STAR"), edit=edit).folder
    (exam,) = find_exams(folder, Silent(), Wishes(charset="Big5")).exams
    assert exam.identity.patient_name == WANG


def test_a_declared_character_set_needs_no_word(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.SpecificCharacterSet, made.PatientName, made.PatientAge = "GB18030", WANG, "063Y"

    (exam,) = find_exams(write(tmp_path / "exam", ("FF", "R2STAR"), edit=edit).folder, Silent()).exams
    assert (exam.identity.patient_name, exam.identity.age, exam.warnings) == (WANG, "63", ())
