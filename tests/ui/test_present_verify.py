"""What verifying finds is told in whole sentences, whatever is known of its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import app
from app.services.rescue import MapLoss, Restored, Salvaged, TableLoss
from app.services.verify import Flaw, Verification
from app.ui import sentences
from app.ui.present import verify as present_verify

CODES = sorted(
    {
        code
        for floor in ("store", "services")
        for path in (Path(app.__file__).parent / floor).rglob("*.py")
        for code in re.findall(r'"(verify\.[a-z_]+)"', path.read_text(encoding="utf-8"))
    }
)
EVERYTHING = {
    "table": "measurement", "key": 3, "where": "C0001/L3/round 1", "seq": 7, "actor": "Ana",
    "action": "roi.edit", "trigger": "audit_no_update", "merge": 2, "map": "FF", "values": "mean",
    "head": "ab", "came_from": "2",
    "parent": "reading", "told": "row 1 missing", "file": "study.marrow",
}  # fmt: skip


def _found(*flaws: Flaw, **more: object) -> Verification:
    values: dict[str, object] = {
        "entries": 9, "chains": 0, "rows": 40, "older_rows": 0, "recomputed": None, "head": "ab12",
        "wanted": "", "found_at": None, "flaws": flaws,
    }  # fmt: skip
    return Verification(**(values | more))  # type: ignore[arg-type]


def test_the_codes_are_found() -> None:
    assert {"verify.row_changed", "verify.chain", "verify.value", "verify.head_unknown"} <= set(CODES)
    assert len(CODES) >= 17


@pytest.mark.parametrize("code", CODES)
def test_every_flaw_has_a_sentence_that_gets_its_values(code: str) -> None:
    assert code in sentences.SENTENCES
    told = present_verify.flaw_text(Flaw(code, EVERYTHING))
    assert told.endswith(".")
    assert "{" not in told


def test_what_is_not_known_of_a_place_is_a_question_mark() -> None:
    told = present_verify.flaw_text(
        Flaw("verify.story", {"table": "case_fact", "where": "", "key": None, "seq": 5})
    )
    assert "of ? is not" in told
    assert "row ? and entry 5" in told


def test_everything_that_was_checked_is_told_with_what_cannot_be() -> None:
    lines = present_verify.verification_lines(
        _found(older_rows=30, chains=2, recomputed=12, wanted="ab", found_at=4)
    )
    told = "\n".join(lines)
    for words in (
        "Nothing is amiss",
        "30 rows were written by an older",
        "2 records",
        "12 rectangles",
        "entry 4",
    ):
        assert words in told
    assert "Head of the record: ab12" in told
    assert "another program" in lines[-1]


def test_the_first_flaw_stands_in_the_summary() -> None:
    flaw = Flaw("verify.chain", {"seq": 17})
    assert "Entry 17" in present_verify.verification_summary(_found(flaw, flaw))
    assert present_verify.verification_summary(_found()).startswith("Nothing is amiss in 9 entries")
    assert present_verify.verification_lines(_found(flaw))[1].strip().startswith("Entry 17")


def test_a_rescue_tells_what_is_lost(tmp_path: Path) -> None:
    tables = (TableLoss("reader", 2, 0, 0), TableLoss("case_fact", 5, 1, 2))
    lost = (Flaw("verify.row_missing", EVERYTHING),)
    told = present_verify.salvaged_lines(Salvaged(tmp_path / "new.marrow", tables, lost))
    assert told[0] == "7 rows were brought into new.marrow."
    assert [line.split(":")[0].strip() for line in told[1:2]] == ["case_fact"]
    assert "which entry 7 of Ana tells of, is not there" in told[-1]
    whole = present_verify.salvaged_lines(Salvaged(tmp_path / "new.marrow", tables[:1], ()))
    assert "Nothing seems to be lost" in whole[1]
    restored = present_verify.restored_lines(
        Restored(tmp_path / "new.marrow", (MapLoss("C0001", "FF"),)), tmp_path / "old.marrow"
    )
    assert "FF of C0001" in restored[1]
