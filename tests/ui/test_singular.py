"""Where a count is 1, the sentence is one about one."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from app.stats.result import NotDefined, Note
from app.stats.saying import template_of
from app.stats.sentences import CATALOGUE, sentence
from app.ui import sentences

CATALOGUES = {"statistics": CATALOGUE, "labels": sentences.LABELS, "sentences": sentences.SENTENCES}
SINGULAR = re.compile(r"(?P<base>.+)\.(?P<name>[a-z_]+)_1")
# a label that happens to be called so
NO_SINGULAR = {"groups.table_1", "groups.note.table_1", "key.level_1", "key.preset_1"}
NAMES = "count|failed|excluded|waiting|trained|done|missing|bad|kept|early|not_blinded|elsewhere"
NOUNS = (
    "exams|patients|cases|readings|lines|rows|files|voxels|notes|things|records|rectangles|resamples|pairs"
)
# "{count} exams", "{failed} of {replicates} resamples were": of the second only the verb can be wrong
COUNTED = re.compile(
    rf"(?<!of )\{{(?P<name>{NAMES})\}} (?:(?:\w+ )?(?:{NOUNS}|are|were|have|wait)\b"
    rf"|of \{{\w+\}} (?:\w+ )?(?:{NOUNS}) (?:are|were|have|lie|wait)\b)"
)
# all are more than one, and for one of the others there is a code of its own
NEVER_ONE = {
    "agreement.table.everybody.readers", "agreement.table.everybody.rounds", "images.found_exams",
    "images.found_waiting", "images.found_known", "images.import_many", "tables.import_clinical",
    "tables.import_readings",
}  # fmt: skip


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("which", CATALOGUES)
def test_a_singular_belongs_to_a_sentence_that_counts(which: str) -> None:
    catalogue = CATALOGUES[which]
    named = (SINGULAR.fullmatch(code) for code in catalogue if code not in NO_SINGULAR)
    singular = [found for found in named if found]
    assert len(singular) > 3
    for found in singular:
        base = catalogue[found["base"]]
        assert found["name"] in fields(base), found.string
        # it gets the same values
        assert fields(catalogue[found.string]) <= fields(base), found.string
        assert catalogue[found.string] != base, found.string


@pytest.mark.parametrize("which", CATALOGUES)
def test_whatever_counts_has_a_sentence_about_one(which: str) -> None:
    catalogue = CATALOGUES[which]
    lacking = [
        code
        for code, template in catalogue.items()
        if (found := COUNTED.search(template))
        and code not in NEVER_ONE
        and not SINGULAR.fullmatch(code)
        and f"{code}.{found['name']}_1" not in catalogue
    ]
    assert not lacking


def test_the_first_value_that_is_one_chooses_the_sentence() -> None:
    catalogue = {"a": "{n} of {count}", "a.n_1": "one of {count}", "a.count_1": "the only one"}
    assert template_of(catalogue, "a", {"n": 2, "count": 3}) == "{n} of {count}"
    assert template_of(catalogue, "a", {"n": 1, "count": 1}) == "one of {count}"
    assert template_of(catalogue, "a", {"count": 1, "n": 1}) == "the only one"
    assert template_of(catalogue, "a", {"n": "1", "count": 3}) == "{n} of {count}"
    with pytest.raises(KeyError):
        template_of(catalogue, "b", {})


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 exam is left out because a reader excluded the patient (cement)."),
        (2, "2 exams are left out because a reader excluded the patient (cement)."),
    ],
)
def test_an_exclusion_of_one_is_said_of_one(count: int, said: str) -> None:
    assert sentence(Note.of("cohort.patient_excluded", count=count, reason="cement")) == said


def test_too_few_are_counted_without_a_plural() -> None:
    one = NotDefined.of("correlation.too_few", n=1, n_excluded=0)
    assert sentence(one).endswith("needs three patients with both values, and n = 1 (0 excluded).")


def test_one_thing_amiss_is_one_thing() -> None:
    assert sentences.label("audit.verify_amiss", count=1, first="so") == (
        "1 thing is not as the program left it: so"
    )
    assert sentences.label("verify.amiss", count=2).startswith("2 things are")
