"""The same numbers from scikit-learn, which computes them by other code."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score, roc_curve

from app.stats.combined import LogisticModel, logistic
from app.stats.roc import Roc, roc


@pytest.fixture(params=range(5))
def sample(request) -> tuple[np.ndarray, np.ndarray]:
    """Two overlapping classes with ties, as measured to one decimal."""
    rng = np.random.default_rng(request.param)
    label = rng.random(140) < 0.4
    columns = (rng.normal(size=(140, 2)) + np.outer(label, (0.9, -0.6))).round(1)
    return columns, label


def test_the_area_under_the_curve_is_that_of_scikit_learn(sample):
    columns, label = sample
    found = roc(columns[:, 0], label, direction="higher")
    assert isinstance(found, Roc)
    assert found.auc == pytest.approx(roc_auc_score(label, columns[:, 0]), rel=1e-12)


def test_every_corner_of_its_curve_is_a_point_of_ours(sample):
    columns, label = sample
    found = roc(columns[:, 0], label, direction="higher")
    assert isinstance(found, Roc)
    ours = {
        (round(x, 9), round(y, 9))
        for x, y in zip(found.false_positive_rate, found.true_positive_rate, strict=True)
    }
    false_rate, true_rate, _ = roc_curve(label, columns[:, 0])
    corners = {(round(float(x), 9), round(float(y), 9)) for x, y in zip(false_rate, true_rate, strict=True)}
    assert corners <= ours


def test_the_logistic_model_is_its_model_without_penalty(sample):
    columns, label = sample
    ours = logistic(columns.T, ("a", "b"), label)
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(columns, label)
    assert isinstance(ours, LogisticModel)
    probabilities = theirs.predict_proba(columns)[:, 1]
    assert ours.probabilities == pytest.approx(probabilities, rel=1e-6)
    assert log_loss(label, ours.probabilities) <= log_loss(label, probabilities) + 1e-12
