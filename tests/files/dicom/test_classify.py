from __future__ import annotations

import pytest

from app.domain.maps import Quantity
from app.files.dicom.classify import NoRole, Role, classify

GE = "GE MEDICAL SYSTEMS"
PLAIN = ("DERIVED", "SECONDARY", "OTHER")


@pytest.mark.parametrize(
    ("token", "quantity"),
    [
        ("FAT_FRACTION", Quantity.FF),
        ("R2_STAR_MAP", Quantity.R2STAR),
        ("WATER", Quantity.WATER),
        ("FAT", Quantity.FAT),
        ("IN_PHASE", Quantity.IN_PHASE),
        ("out_phase", Quantity.OUT_PHASE),
    ],
)
def test_a_whole_image_type_token_gives_the_role(token: str, quantity: Quantity) -> None:
    assert classify(GE, ("DERIVED", "PRIMARY", "DIXON", token), "", "") == Role(quantity, "image_type")


@pytest.mark.parametrize("token", ["FAT_FRACTION_X", "FATFRACTION", "NOFAT", "R2", "R2_STAR", "WATERFALL"])
def test_a_part_of_a_token_gives_no_role(token: str) -> None:
    assert classify(GE, ("DERIVED", token), "", "") == NoRole("role.none")


@pytest.mark.parametrize(
    ("description", "quantity"),
    [
        ("FatFrac: Sag IDEAL IQ", Quantity.FF),
        ("R2*: Sag IDEAL IQ", Quantity.R2STAR),
        ("WATER: Sag IDEAL IQ", Quantity.WATER),
        ("Fat: Sag IDEAL IQ", Quantity.FAT),
        ("InPhase: Sag IDEAL IQ", Quantity.IN_PHASE),
        ("Out Phase: Sag IDEAL IQ", Quantity.OUT_PHASE),
        ("OutOfPhase: Sag IDEAL IQ", Quantity.OUT_PHASE),
    ],
)
def test_ge_sequence_and_prefix_together_give_the_role(description: str, quantity: Quantity) -> None:
    assert classify(GE, PLAIN, description, "efgre3d_ideal") == Role(quantity, "ge_private")


@pytest.mark.parametrize(
    "description", ["WATER: Sag T2", "FAT: Sag T2", "InPhase: LAVA", "Ax T2 FAT SAT", "R2 map"]
)
def test_a_prefix_without_the_sequence_gives_no_role(description: str) -> None:
    assert classify(GE, PLAIN, description, "fse-xl") == NoRole("role.none")


@pytest.mark.parametrize(
    ("description", "quantity"),
    [
        ("FatFrac(%)", Quantity.FF),
        ("R2*(1/s)", Quantity.R2STAR),
        ("Sag PDFF", Quantity.FF),
        ("fat fraction spine", Quantity.FF),
        ("Sag R2star", Quantity.R2STAR),
        ("FatFrac: Sag", Quantity.FF),
    ],
)
def test_a_description_pattern_is_the_last_evidence(description: str, quantity: Quantity) -> None:
    assert classify("GE Healthcare", PLAIN, description, "") == Role(quantity, "description")


@pytest.mark.parametrize(
    ("tokens", "description"),
    [
        (("FAT_FRACTION",), "R2*: Sag IDEAL IQ"),
        (("R2_STAR_MAP",), "T2*: Sag IDEAL IQ"),
        (("R2_STAR_MAP",), "T2*(ms)"),
        (("WATER",), "FatFrac: Sag IDEAL IQ"),
        (("WATER", "FAT"), ""),
        ((), "FF and R2* of the spine"),
        ((), "WATER: FF"),
    ],
)
def test_contradicting_evidence_is_refused(tokens: tuple[str, ...], description: str) -> None:
    verdict = classify(GE, tokens, description, "fse")
    assert isinstance(verdict, NoRole)
    assert verdict.code == "role.contradiction"
    assert verdict.values["first"] != verdict.values["second"]


def test_a_description_of_the_whole_series_does_not_contradict_its_signal_images() -> None:
    assert classify(GE, ("WATER",), "IDEAL FF R2*", "ideal") == Role(Quantity.WATER, "image_type")
    assert classify(GE, ("R2_STAR_MAP",), "IDEAL FF R2*", "ideal") == Role(Quantity.R2STAR, "image_type")


@pytest.mark.parametrize(
    ("description", "word"),
    [
        ("FatFrac: B0 corrected", "B0"),
        ("FatFrac: MRE", "MRE"),
        ("R2* confidence map", "confidence"),
        ("FatFrac: w/o correction", "w/o correction"),
    ],
)
def test_images_near_a_map_are_excluded_by_name(description: str, word: str) -> None:
    verdict = classify(GE, PLAIN, description, "ideal")
    assert verdict == NoRole("role.excluded", {"word": word})


def test_t2star_never_becomes_r2star() -> None:
    for tokens, description in ((("T2_STAR_MAP",), ""), ((), "T2*: Sag"), ((), "T2star(ms)")):
        assert classify(GE, tokens, description, "") == NoRole("role.t2star_not_supported_yet")


def test_a_reformatted_map_is_refused() -> None:
    assert classify(GE, ("DERIVED", "REFORMATTED", "FAT_FRACTION"), "", "") == NoRole("role.reformatted")


@pytest.mark.parametrize(
    ("tokens", "description", "quantity"),
    [
        (("DERIVED", "PRIMARY", "M", "FF"), "", "FF"),
        (("FAT_FRAC",), "x_FP", "FF"),
        (("R2_STAR_MAP",), "", "R2STAR"),
        (("T2_STAR MAP",), "", "T2STAR"),
        ((), "vibe_R2s_Eff", "R2STAR"),
    ],
)
def test_maps_of_other_vendors_are_refused_as_maps(
    tokens: tuple[str, ...], description: str, quantity: str
) -> None:
    expected = NoRole("role.vendor_not_supported_yet", {"quantity": quantity, "manufacturer": "SIEMENS"})
    assert classify("SIEMENS", tokens, description, "") == expected


@pytest.mark.parametrize(
    ("manufacturer", "tokens", "description"),
    [
        ("SIEMENS", ("ORIGINAL",), "t2_tse_sag"),
        ("Philips", (), "FF confidence"),
        ("AGFA-GEVAERT", ("WATER",), ""),
    ],
)
def test_other_images_of_other_vendors_have_no_role(
    manufacturer: str, tokens: tuple[str, ...], description: str
) -> None:
    assert classify(manufacturer, tokens, description, "") == NoRole("role.none")
