"""The measurement protocol and its text form."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InputError
from app.domain.protocol import LEVELS, LOWEST, MEAN_LEVELS, Protocol

lengths = st.floats(0.0, 1000.0)
bands = st.tuples(lengths, lengths)
names = st.text(max_size=20)
protocols = st.builds(
    Protocol,
    name=names,
    version=st.integers(1, 999),
    mean_levels=st.sampled_from(list(MEAN_LEVELS)),
    first_ap_mm=lengths,
    first_cc_mm=lengths,
    size_locked=st.booleans(),
    min_area_mm2=lengths,
    min_native_voxels=lengths,
    usual_area_mm2=bands,
    margin_mm=lengths,
    spacing_mm=bands,
    area_deviation=st.floats(0.0, 1.0),
    r2star_unit=st.sampled_from(["s^-1", "Hz"]),
    readers=st.integers(1, 9),
    blinded=st.booleans(),
    levels_needed=st.dictionaries(st.sampled_from(list(MEAN_LEVELS)), st.integers(1, 5)),
    positive_t_score=st.floats(-5.0, 5.0),
    bmd_region=names,
    tscore_region=names,
    anterior_fraction=st.floats(0.1, 1.0),
    slices=st.sampled_from([1, 3]),
    rotation=st.booleans(),
    fit_depth_mm=bands,
    numbers_hidden=st.booleans(),
    repeat_share=st.floats(0.0, 1.0),
    washout_days=st.integers(0, 365),
)


def test_the_defaults_are_those_of_the_written_protocol() -> None:
    assert asdict(Protocol()) == {
        "name": "lumbar-FF-R2star",
        "version": 1,
        "mean_levels": "L1-L4",
        "first_ap_mm": 14.0,
        "first_cc_mm": 10.0,
        "size_locked": False,
        "min_area_mm2": 50.0,
        "min_native_voxels": 25.0,
        "usual_area_mm2": (100.0, 450.0),
        "margin_mm": 3.0,
        "spacing_mm": (22.0, 45.0),
        "area_deviation": 0.40,
        "r2star_unit": "s^-1",
        "readers": 2,
        "blinded": False,
        "levels_needed": {"L1-L4": 3, "L1-L5": 4},
        "positive_t_score": -2.5,
        "bmd_region": "L1-L4",
        "tscore_region": "L1-L4",
        "anterior_fraction": 0.667,
        "margin_native_voxels": 2.0,
        "slices": 1,
        "rotation": False,
        "fit": False,
        "ladder": False,
        "fit_height_mm": (18.0, 36.0),
        "fit_depth_mm": (26.0, 45.0),
        "numbers_hidden": False,
        "bad_share_warn": 0.02,
        "bad_share_reason": 0.10,
        "ff_usual": (15.0, 80.0),
        "r2star_usual_3t": (60.0, 300.0),
        "r2star_usual_1_5t": (40.0, 200.0),
        "ff_sd_usual": 12.0,
        "r2star_cv_usual": 0.40,
        "ff_step": 10.0,
        "ff_from_median": 15.0,
        "swap_modes": 30.0,
        "query_ff": 3.0,
        "adjudicate_ff": 5.0,
        "query_r2star": 0.10,
        "adjudicate_r2star": 0.15,
        "mismatch_mm": 12.0,
        "slices_apart": 1,
        "slices_apart_mm": 5.0,
        "repeat_share": 0.25,
        "washout_days": 14,
    }


def test_the_levels_run_from_the_top_down_and_the_means_name_theirs() -> None:
    assert [level.value for level in LEVELS] == ["L1", "L2", "L3", "L4", "L5"]
    assert {name: len(levels) for name, levels in MEAN_LEVELS.items()} == {"L1-L4": 4, "L1-L5": 5}
    assert MEAN_LEVELS["L1-L4"] == LEVELS[:4]


@given(protocols)
def test_a_protocol_survives_its_text_form(protocol: Protocol) -> None:
    read = Protocol.from_json(protocol.to_json())
    assert read == protocol
    assert hash(read) == hash(protocol)
    assert read.to_json() == protocol.to_json()


def test_the_text_form_is_the_same_however_a_number_was_typed() -> None:
    assert Protocol.from_json('{"margin_mm": 3, "spacing_mm": [22, 45]}').to_json() == Protocol().to_json()


def test_fields_that_are_not_named_keep_their_default() -> None:
    cervical = Protocol.from_json(
        '{"name": "cervical-test", "first_ap_mm": 8, "first_cc_mm": 7, "spacing_mm": [12, 25]}'
    )
    wanted = replace(
        Protocol(), name="cervical-test", first_ap_mm=8.0, first_cc_mm=7.0, spacing_mm=(12.0, 25.0)
    )
    assert cervical == wanted


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"L1-L4"', "null", "7"])
def test_a_text_that_is_no_protocol_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        Protocol.from_json(text)
    assert caught.value.code == "protocol.unreadable"


def test_a_field_of_another_version_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        Protocol.from_json('{"zebra": 1, "angle": 2, "margin_mm": 3}')
    assert (caught.value.code, caught.value.values) == ("protocol.unknown_field", {"field": "angle"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_area_mm2", "50"),
        ("min_area_mm2", True),
        ("min_area_mm2", None),
        ("min_area_mm2", float("nan")),
        ("min_area_mm2", float("inf")),
        ("usual_area_mm2", [100.0]),
        ("usual_area_mm2", [100.0, "450"]),
        ("usual_area_mm2", 100.0),
        ("version", 1.5),
        ("readers", True),
        ("blinded", 1),
        ("name", 3),
        ("mean_levels", {}),
        ("levels_needed", [3, 4]),
        ("levels_needed", {"L1-L4": "3"}),
        ("levels_needed", None),
    ],
)
def test_a_field_with_another_kind_of_value_is_refused_before_a_rule_trips_over_it(
    field: str, value: Any
) -> None:
    with pytest.raises(InputError) as caught:
        Protocol.from_json(json.dumps({field: value}))
    assert (caught.value.code, caught.value.values) == ("protocol.wrong_value", {"field": field})


def test_an_unknown_patient_mean_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        Protocol(mean_levels="L2-L4")
    assert (caught.value.code, caught.value.values) == ("protocol.mean_levels", {"given": "L2-L4"})


def test_an_unknown_unit_of_r2star_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        Protocol(r2star_unit="ms")
    assert (caught.value.code, caught.value.values) == ("protocol.r2star_unit", {"given": "ms"})


@pytest.mark.parametrize(
    ("name", "given"), [("repeat_share", 1.01), ("repeat_share", -0.01), ("washout_days", -1)]
)
def test_a_repeat_of_more_than_all_or_before_the_first_reading_is_refused(name: str, given: float) -> None:
    with pytest.raises(InputError) as caught:
        Protocol(**{name: given})  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.values) == (f"protocol.{name}", {"given": given})


def test_a_patient_mean_may_rest_on_three_of_four_and_four_of_five_levels() -> None:
    protocol = Protocol()
    assert (protocol.needed("L1-L4"), protocol.needed("L1-L5")) == (3, 4)


def test_a_patient_mean_the_protocol_says_nothing_about_needs_all_its_levels() -> None:
    protocol = Protocol(levels_needed={})
    assert (protocol.needed("L1-L4"), protocol.needed("L1-L5")) == (4, 5)


def test_two_protocols_do_not_share_their_needed_levels() -> None:
    first = Protocol()
    first.levels_needed["L1-L4"] = 1
    assert Protocol().needed("L1-L4") == 3


def test_the_stamp_names_protocol_and_version() -> None:
    assert Protocol(version=3).stamp == "lumbar-FF-R2star v3"


def test_the_t_score_is_of_the_region_of_the_density_where_nothing_else_is_said() -> None:
    assert Protocol(bmd_region="total hip").tscore_region == "total hip"
    assert Protocol(bmd_region="L1-L4", tscore_region=LOWEST).tscore_region == "lowest"


def test_a_protocol_of_before_the_region_of_the_t_score_reads_as_it_was_used() -> None:
    old = {name: value for name, value in asdict(Protocol()).items() if name != "tscore_region"}
    read = Protocol.from_json(json.dumps({**old, "bmd_region": "L1-L5"}))
    assert (read.bmd_region, read.tscore_region) == ("L1-L5", "L1-L5")
