from __future__ import annotations

import pytest

from app.domain.maps import Quantity
from app.files.dicom.classify import NoRole, Role, answered, classify, open_to_answer, role_named
from app.files.dicom.evidence import Evidence, ValueMapping

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
        ("WATER: Sag IDEAL IQ", Quantity.WATER),
        ("Fat: Sag IDEAL IQ", Quantity.FAT),
        ("InPhase: Sag IDEAL IQ", Quantity.IN_PHASE),
        ("OutPhase: Sag IDEAL IQ", Quantity.OUT_PHASE),
    ],
)
def test_ge_prefix_names_a_signal_where_private_elements_were_removed(
    description: str, quantity: Quantity
) -> None:
    assert classify(GE, ("DERIVED", "PRIMARY"), description, "") == Role(quantity, "description")
    # an anatomical series may be called so as well, and nobody else writes it
    assert classify(GE, ("ORIGINAL", "PRIMARY"), description, "") == NoRole("role.none")
    assert classify("CANON_MEC", ("DERIVED", "PRIMARY"), description, "") == NoRole("role.none")


@pytest.mark.parametrize("description", ["Fat: FatFrac", "FAT: PDFF", "Water: R2*"])
def test_a_prefix_that_names_a_signal_is_not_heard_beside_a_map(description: str) -> None:
    verdict = classify(GE, ("DERIVED", "PRIMARY"), description, "")
    assert isinstance(verdict, NoRole)
    assert verdict.code == "role.contradiction"


@pytest.mark.parametrize(
    ("description", "named"),
    [("WATER: Sag T2", "WATER"), ("fat : Sag", "FAT"), ("T2*: Sag", "T2STAR"), ("Sag map 3", ""), ("", "")],
)
def test_the_first_word_is_what_a_person_would_most_likely_say(description: str, named: str) -> None:
    assert role_named(description) == named


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


def test_t2star_becomes_r2star_by_its_reciprocal_and_never_as_it_is() -> None:
    by_token = classify(GE, ("DERIVED", "T2_STAR_MAP"), "", "")
    assert by_token == Role(Quantity.R2STAR, "image_type", reciprocal=True)
    # a description could be that of an anatomical series
    unsure = Role(Quantity.R2STAR, "description", reciprocal=True, sure=False)
    assert classify(GE, PLAIN, "T2*: Sag", "") == unsure
    assert classify(GE, PLAIN, "T2star(ms)", "") == unsure


def test_a_reformatted_map_is_refused() -> None:
    assert classify(GE, ("DERIVED", "REFORMATTED", "FAT_FRACTION"), "", "") == NoRole("role.reformatted")


@pytest.mark.parametrize(
    ("vendor", "tokens", "description", "role"),
    [
        ("Philips", ("ORIGINAL", "PRIMARY", "FF", "FF"), "", Role(Quantity.FF, "image_type")),
        ("Philips", ("DIXON", "OUT_OF_PHASE"), "", Role(Quantity.OUT_PHASE, "image_type")),
        ("Philips", ("R2_STAR",), "FF T2*", Role(Quantity.R2STAR, "image_type")),
        ("Philips", ("T2_STAR",), "", Role(Quantity.R2STAR, "image_type", reciprocal=True)),
        ("Philips", ("OP",), "", Role(Quantity.OUT_PHASE, "image_type")),
        ("SIEMENS", ("FAT_FRAC",), "x_FP", Role(Quantity.FF, "image_type")),
        ("SIEMENS", ("R2_STAR_MAP",), "", Role(Quantity.R2STAR, "image_type")),
        ("SIEMENS", ("T2_STAR MAP",), "", Role(Quantity.R2STAR, "image_type", reciprocal=True)),
        ("SIEMENS", ("DERIVED", "M"), "vibe_R2s_Eff", Role(Quantity.R2STAR, "description")),
        ("SIEMENS", ("DERIVED", "M"), "vibe_FP", Role(Quantity.FF, "description")),
        ("SIEMENS", ("ORIGINAL", "M"), "vibe_FF", Role(Quantity.FF, "description", sure=False)),
        ("SIEMENS", ("DERIVED", "M"), "PDFF map", Role(Quantity.FF, "description", sure=False)),
        ("SIEMENS", ("DERIVED", "M"), "vibe_T2s_Eff", Role(Quantity.R2STAR, "description", True, False)),
        ("UIH", ("DERIVED", "FF"), "", Role(Quantity.FF, "image_type")),
        ("CANON_MEC", ("DERIVED",), "PDFF", Role(Quantity.FF, "description", sure=False)),
        ("AGFA-GEVAERT", ("WATER",), "", Role(Quantity.WATER, "image_type")),
    ],
)
def test_maps_of_other_vendors_have_their_own_words(
    vendor: str, tokens: tuple[str, ...], description: str, role: Role
) -> None:
    assert classify(vendor, tokens, description, "") == role


@pytest.mark.parametrize(
    ("manufacturer", "tokens", "description"),
    [
        ("SIEMENS", ("ORIGINAL",), "t2_tse_sag"),
        ("SIEMENS", ("ORIGINAL",), "t2_tse_wp"),
        ("CANON_MEC", ("DERIVED",), "dixon_wp"),
        ("SIEMENS", ("DERIVED",), "R2 map"),
        ("SIEMENS", ("W", "F"), ""),
        ("Philips", ("ORIGINAL", "PRIMARY", "M_FFE", "M"), "mDIXON Quant FF R2*"),
        ("GE MEDICAL SYSTEMS", ("W", "F", "FF"), ""),
    ],
)
def test_other_images_of_other_vendors_have_no_role(
    manufacturer: str, tokens: tuple[str, ...], description: str
) -> None:
    assert classify(manufacturer, tokens, description, "") == NoRole("role.none")


@pytest.mark.parametrize(
    ("manufacturer", "tokens", "description", "code"),
    [
        ("SIEMENS", ("FAT_FRAC",), "vibe_R2s_Eff", "role.contradiction"),
        ("SIEMENS", ("DERIVED", "FAT_FRAC"), "vibe_WP", "role.excluded"),
        ("SIEMENS", ("DERIVED", "PRIMARY", "M"), "vibe_WP", "role.excluded"),
        ("SIEMENS", ("FAT_FRAC",), "vibe_goodness", "role.excluded"),
        ("Philips", ("FF", "W"), "", "role.contradiction"),
        ("Philips", ("FF", "B0 MAP"), "", "role.contradiction"),
        ("Philips", (), "FF confidence", "role.excluded"),
    ],
)
def test_doubtful_maps_of_other_vendors_are_refused(
    manufacturer: str, tokens: tuple[str, ...], description: str, code: str
) -> None:
    verdict = classify(manufacturer, tokens, description, "")
    assert isinstance(verdict, NoRole)
    assert verdict.code == code


@pytest.mark.parametrize(
    ("tokens", "description", "open_"),
    [
        (PLAIN, "Sag something", True),
        (("ORIGINAL", "PRIMARY", "M", "ND"), "", True),
        (("ORIGINAL", "PRIMARY", "P", "ND"), "", False),
        (("ORIGINAL", "PRIMARY", "T2", "M"), "", False),
        (("DERIVED", "B0 MAP"), "", False),
        (PLAIN, "B0 map", False),
        (("FAT_FRACTION",), "", False),
        (("FAT_FRACTION", "WATER"), "", False),
    ],
)
def test_a_person_is_asked_only_where_nothing_speaks(
    tokens: tuple[str, ...], description: str, open_: bool
) -> None:
    assert open_to_answer(Evidence(GE, description, image_type=tokens)) is open_


def test_an_answer_counts_only_where_nothing_speaks() -> None:
    told = Role(Quantity.WATER, "answer")
    assert answered(told, Evidence(GE, "Sag something", image_type=PLAIN)) == told
    assert answered(told, Evidence(GE, "", image_type=("FAT_FRACTION",))) == Role(Quantity.FF, "image_type")
    t2star = Role(Quantity.R2STAR, "answer", reciprocal=True)
    in_ms, per_second = (
        Evidence("X", "", mappings=(ValueMapping("", unit, 1.0, 0.0, None),)) for unit in ("ms", "/s")
    )
    assert answered(t2star, in_ms) == t2star
    assert answered(t2star, per_second) == NoRole(
        "role.contradiction", {"first": "T2STAR", "second": "another unit"}
    )
