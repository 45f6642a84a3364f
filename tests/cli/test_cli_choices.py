"""What ``analyse`` is asked about incomplete sets and about the groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS
from app.services.join_clinical import import_clinical
from app.services.open_session import create_session, readers_of
from app.store import audit, exams, results, sessions


@pytest.fixture(scope="module")
def gappy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine patients of one reader, each third without L1, with T-scores and QCT densities that disagree."""
    folder = tmp_path_factory.mktemp("gappy")
    session = create_session(folder / "study.marrow", synthetic=True, reader="A")
    (reader,) = readers_of(session)
    protocol_id, _ = sessions.current_protocol(session.database)
    lines = ["case code,T-score L1-L4,QCT BMD L1-L4 (mg/cm3)"]
    with session.database.transaction():
        for one in range(9):
            exam_id = exams.add_from_table(session.database, f"C{one}", Identity())
            means = {
                level: {Quantity.FF: 40.0 + 2.0 * one + place}
                for place, level in enumerate(LEVELS)
                if place or one % 3
            }
            results.add_table_reading(
                session.database, exam_id, reader.id, means,
                protocol_id=protocol_id, software="test", at_utc=audit.utc_now(),
            )  # fmt: skip
            lines.append(f"C{one},{0.5 - 0.5 * one:.1f},{'' if one == 8 else 124 - 12 * one}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_clinical(session, folder / "table.csv")
    session.close()
    return session.path


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), ("at_least", "t_score", 9)),
        (("--incomplete", "complete"), ("complete", "t_score", 6)),
        (("--incomplete", "adjusted", "--groups", "qct"), ("adjusted", "qct", 9)),
    ],
)
def test_the_choices_stand_in_the_answer(
    ask: Any, gappy: Path, options: tuple[str, ...], told: tuple[str, str, int]
) -> None:
    found = ask("analyse", "--session", gappy, *options)
    assert (found["incomplete_sets"], found["scheme"], found["cohort"]["analysed"]) == told


def test_groups_by_qct_are_others_and_name_who_has_none(ask: Any, gappy: Path) -> None:
    groups = {
        scheme: ask("analyse", "--session", gappy, "--groups", scheme)["cohort"]
        for scheme in ("t-score", "qct")
    }
    assert groups["t-score"]["groups"] == {"normal": 4, "osteopenia": 2, "osteoporosis": 3, "unknown": 0}
    assert groups["t-score"]["ungrouped"] == []
    assert groups["qct"]["groups"] == {"normal": 1, "osteopenia": 3, "osteoporosis": 4, "unknown": 1}
    assert groups["qct"]["ungrouped"] == [{"code": "cohort.without_qct", "cases": ["C8"]}]
    assert (groups["qct"]["positive"], groups["qct"]["negative"]) == (4, 4)


def test_people_are_told_in_sentences(run: Any, gappy: Path) -> None:
    said = run("analyse", "--session", gappy, "--incomplete", "adjusted", "--groups", "qct")
    assert said.status == 0
    for words in (
        "each patient by the level-adjusted mean of L1-L4.",
        "follow the QCT density of L1-L4: normal above 120 mg/cm3, osteoporosis below 80 mg/cm3",
        "1 patient has no QCT density in mg/cm3",
        "adjusted for what the missing levels add",
    ):
        assert words in said.out
    plain = run("analyse", "--session", gappy)
    assert "QCT" not in plain.out
    assert "adjusted" not in plain.out


@pytest.mark.parametrize("words", [("--incomplete", "perhaps"), ("--groups", "bmd")])
def test_any_other_word_is_refused(run: Any, gappy: Path, words: tuple[str, str]) -> None:
    assert run("analyse", "--session", gappy, *words).status == 2
