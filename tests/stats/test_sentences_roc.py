from __future__ import annotations

import numpy as np
import pytest

from app.stats.calibration import calibration
from app.stats.combined import LogisticModel, logistic
from app.stats.cross_validation import leave_one_out, repeated_folds
from app.stats.firth import firth
from app.stats.model_fit import fit_indices, hosmer_lemeshow
from app.stats.mrmc import mrmc
from app.stats.nested_models import NestedModels, added_area, beside_reference, nested_models
from app.stats.optimism import optimism_corrected
from app.stats.roc import Roc, roc
from app.stats.roc_bootstrap import bootstrap_roc
from app.stats.roc_clustered import clustered_roc
from app.stats.roc_partial import partial_area
from app.stats.roc_unpaired import compare_unpaired
from app.stats.sentences import sentence

RNG = np.random.default_rng(4)
LABEL = np.arange(60) < 25
FAT = 50.0 + 8.0 * LABEL + 8.0 * RNG.normal(size=60)
AGE = 60.0 + 6.0 * LABEL + 8.0 * RNG.normal(size=60)
WAYS = ("higher", "higher")


def curve(marker: object = FAT, label: object = LABEL) -> Roc:
    result = roc(marker, label, direction="higher")  # type: ignore[arg-type]
    assert isinstance(result, Roc)
    return result


def model() -> LogisticModel:
    result = logistic([FAT, AGE], ["FF", "age"], LABEL)
    assert isinstance(result, LogisticModel)
    return result


def test_a_bootstrap_is_said_with_the_cut_off_where_there_is_one() -> None:
    said = sentence(bootstrap_roc(curve()), decimals=1)
    assert said.startswith("The 95 % bootstrap interval of the area of 0.")
    assert "(2000 resamples, each class by itself). Over the resamples the 95 % interval of the " in said
    assert said.endswith("after correction for optimism.")
    idle = sentence(bootstrap_roc(curve([7.0] * 4, [0, 0, 1, 1]), replicates=9))
    assert idle.endswith("(9 resamples, each class by itself).")


def test_partial_areas_are_said_by_what_is_held_and_below_the_diagonal_without_standard() -> None:
    said = sentence(partial_area(curve(), 0.8), what="FF")
    assert said.startswith("The partial area under the ROC curve of FF for a specificity of 80 % to 100 % ")
    assert "of 0.200 (standardised 0." in said
    assert "for a sensitivity of 90 % to 100 %" in sentence(partial_area(curve(), focus="sensitivity"))
    for focus in ("specificity", "sensitivity"):
        below = sentence(partial_area(curve([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0]), focus=focus))
        assert below.endswith("was 0.000 of 0.100.")


def test_independent_groups_are_said_with_and_without_test() -> None:
    said = sentence(
        compare_unpaired((FAT, LABEL), (AGE, LABEL), directions=WAYS), first="men", second="women"
    )
    assert said.startswith("The areas under the ROC curves of men (0.")
    assert "two independent groups of patients, differed by " in said
    perfect = ([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1])
    assert sentence(compare_unpaired(perfect, perfect, directions=WAYS)).endswith("the test is not defined.")


def test_vertebrae_are_said_with_their_patients() -> None:
    said = sentence(clustered_roc(FAT, LABEL, np.arange(60) // 3, direction="higher"), what="FF")
    assert "of FF over 60 vertebrae of 20 patients was 0." in said
    assert said.endswith("Obuchowski 1997).")


def test_several_readers_are_said_with_their_means_and_test() -> None:
    ratings = {
        (marker, reader): column + RNG.normal(size=60)
        for marker, column in (("FF", FAT), ("age", AGE))
        for reader in ("A", "B")
    }
    said = sentence(mrmc(ratings, LABEL))
    assert said.startswith("Over 2 readers and 60 patients the mean areas under the ROC curve were FF 0.")
    assert "), age 0." in said
    assert "readers and patients random; F = " in said
    alone = sentence(mrmc({key: one for key, one in ratings.items() if key[0] == "FF"}, LABEL))
    assert alone.endswith("(Obuchowski and Rockette, readers and patients random).")


def test_a_penalised_model_is_said_to_be_one() -> None:
    said = sentence(firth([[1.0, 2.0, 3.0, 4.0]], ["FF"], [0, 0, 1, 1]))
    assert said.startswith("Firth's penalised logistic regression of the outcome on FF reached")


def test_fit_and_calibration_are_said_with_their_figures() -> None:
    ours = model()
    assert sentence(fit_indices(ours)).startswith("The fit of the model was AIC ")
    assert "over 10 groups gave chi-square = " in sentence(hosmer_lemeshow(ours))
    said = sentence(calibration(ours.linear_predictor, ours.label))
    assert said.startswith("The calibration slope was 1.000 (95 % CI ")


def test_patients_left_out_are_said_with_their_calibration_or_why_it_is_not_defined() -> None:
    said = sentence(leave_one_out(model()))
    assert said.startswith("Predicted by models fitted without them (60 fits), the 60 patients gave an area")
    assert "The calibration slope was 0." in said
    flat = logistic([[1.0, 2, 1, 2, 1, 2, 1, 2]], ["a"], [0, 0, 1, 1, 0, 0, 1, 1])
    assert isinstance(flat, LogisticModel)
    assert "Not defined: " in sentence(leave_one_out(flat))
    assert "in 10-fold cross-validation was 0." in sentence(repeated_folds(model()))


def test_the_optimism_is_said_with_the_interval_of_the_corrected_area() -> None:
    said = sentence(optimism_corrected([FAT, AGE], LABEL, replicates=50))
    assert "The 95 % interval of the corrected area was 0." in said


def test_what_a_column_adds_is_said_by_likelihood_and_by_area() -> None:
    models = nested_models([AGE], ["age"], [FAT], ["FF"], LABEL)
    assert isinstance(models, NestedModels)
    assert sentence(models).startswith("Adding FF to age improved the fit by chi-square = ")
    said = sentence(added_area(models, replicates=50))
    assert said.startswith("Corrected for optimism, the area under the ROC curve was 0.")
    assert " for age and 0." in said
    assert said.endswith("bootstrap, 50 resamples).")
    beside = sentence(beside_reference([FAT], ["FF"], AGE, "age", LABEL))
    assert beside.startswith("On the same 60 patients the in-sample area under the ROC curve was 0.")
    assert " for age alone, 0." in beside


@pytest.mark.parametrize("direction", ["higher", "lower"])
def test_a_direction_chosen_by_the_data_is_said(direction: str) -> None:
    sign = 1.0 if direction == "higher" else -1.0
    result = roc(sign * FAT, LABEL, direction="automatic")
    assert isinstance(result, Roc)
    wanted = "high values" if direction == "higher" else "low values"
    assert wanted in sentence(result.notes[-1])
