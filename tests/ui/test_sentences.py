"""Every code the program can raise or report has a sentence, and the sentence gets the values it names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import app
from app.domain.checks import Finding, Severity
from app.domain.errors import AppError, DataError, InputError
from app.domain.protocol import Level
from app.domain.reasons import Reason
from app.services.open_session import AuditRow
from app.stats.sentences import CATALOGUE
from app.ui import present, sentences
from app.ui.present.worklist import audit_row

PROGRAM = Path(app.__file__).parent
# a name of a file looks like a code as well
CODE = re.compile(r"(?!.*\.(csv|json|ini|md|sql|dcm|marrow)$)[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
# whatever takes a code first makes a sentence of it later
CARRIERS = {
    "AppError", "InputError", "DataError", "StoreUnavailable", "StoreTooNew", "BlindingError",
    "Refusal", "Notice", "Finding", "Problem",
}  # fmt: skip
# floors whose codes are told by app.ui.sentences; those of app.stats have their own catalogue
FLOORS = ("domain", "files", "store", "services", "ui")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PROGRAM.rglob("*.py")):
        where = path.relative_to(PROGRAM)
        if where.parts[0] in FLOORS and not where.name.startswith(("sentences", "present")):
            yield where, ast.parse(path.read_text(encoding="utf-8"))


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def carried() -> Iterator[tuple[str, str, ast.Call]]:
    """Place, code and call of each code that is written where it is raised or reported."""
    for where, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or name_of(node) not in CARRIERS:
                continue
            for given in node.args[:2]:
                if (
                    isinstance(given, ast.Constant)
                    and isinstance(given.value, str)
                    and CODE.fullmatch(given.value)
                ):
                    yield f"{where}:{node.lineno}", given.value, node


def mentioned() -> Iterator[tuple[str, str]]:
    """Place and text of everything below the ui that looks like a code: codes also come by variable."""
    for where, tree in sources():
        if where.parts[0] == "ui":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
                yield f"{where}:{node.lineno}", node.value


def test_the_codes_are_found() -> None:
    """The search itself must not go blind."""
    codes = {code for _, code, _ in carried()}
    assert {"roi.outside", "store.read_only", "sign_off.gaps", "file.broken", "task.busy"} <= codes
    assert "store.full" in {code for _, code in mentioned()}


def test_every_code_that_is_raised_or_reported_has_a_sentence() -> None:
    missing = {code: place for place, code, _ in carried() if code not in sentences.SENTENCES}
    assert not missing, "\n".join(f"{code}   ({place})" for code, place in sorted(missing.items()))


def test_every_code_that_comes_by_variable_has_a_sentence_too() -> None:
    kinds = {code.split(".")[0] for _, code, _ in carried()}
    words = (sentences.SENTENCES, sentences.CODE_WORDS, sentences.ACTIONS, sentences.LABELS, CATALOGUE)
    known = {code for catalogue in words for code in catalogue}
    missing = {
        code: place for place, code in mentioned() if code.split(".")[0] in kinds and code not in known
    }
    assert not missing, "\n".join(f"{code}   ({place})" for code, place in sorted(missing.items()))


def fields_of(template: str) -> set[str]:
    return {field.split(".")[0].split("[")[0] for _, field, _, _ in Formatter().parse(template) if field}


def test_a_sentence_names_only_values_its_code_carries() -> None:
    wrong = []
    for place, code, call in carried():
        if name_of(call) not in {"AppError", "InputError", "StoreUnavailable", "StoreTooNew", "DataError"}:
            continue
        given = {keyword.arg for keyword in call.keywords}
        # a mapping with ** may carry anything
        if None in given or code not in sentences.SENTENCES:
            continue
        carries = given | ({"path"} if name_of(call) == "DataError" else set())
        missing = fields_of(sentences.SENTENCES[code]) - carries
        wrong += [f"{place} {code} does not carry {sorted(missing)}"] * bool(missing)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("catalogue", ["LABELS", "SENTENCES"])
def test_no_word_stands_without_being_a_whole_template(catalogue: str) -> None:
    """Braces are paired and every placeholder has a name: a translation cannot count on an order."""
    for code, template in getattr(sentences, catalogue).items():
        assert all(field != "" for _, field, _, _ in Formatter().parse(template) if field is not None), code
        assert template.strip(), code


def test_every_sentence_ends_as_a_sentence() -> None:
    assert not [code for code, words in sentences.SENTENCES.items() if words[-1] not in ".!?。"]


def test_every_label_the_interface_asks_for_exists_and_gets_its_values() -> None:
    wrong = []
    for where, tree in ui_sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or name_of(node) not in {"text", "label", "button"}:
                continue
            given = node.args[0] if node.args else None
            if not isinstance(given, ast.Constant) or not isinstance(given.value, str):
                continue
            if not CODE.fullmatch(given.value.lower()):
                continue
            template = sentences.LABELS.get(given.value)
            told = {keyword.arg for keyword in node.keywords}
            if template is None:
                wrong.append(f"{where}:{node.lineno} {given.value} is not in the catalogue")
            elif name_of(node) != "button" and None not in told and fields_of(template) - told:
                wrong.append(f"{where}:{node.lineno} {given.value} lacks {fields_of(template) - told}")
    assert not wrong, "\n".join(wrong)


def ui_sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((PROGRAM / "ui").rglob("*.py")):
        yield path.relative_to(PROGRAM), ast.parse(path.read_text(encoding="utf-8"))


def test_every_reason_and_every_action_of_the_record_has_words() -> None:
    assert set(sentences.REASONS) == {reason.value for reason in Reason}
    actions = {"session.created", "reader.added", "exam.imported", "reading.signed_off", "reading.reopened"}
    assert actions | {f"roi.{kind}" for kind in ("edit", "undo", "redo")} <= set(sentences.ACTIONS)


def test_an_error_is_told_with_its_values_and_one_without_words_with_its_code() -> None:
    told = present.error_text(InputError("roi.empty", rows=0, cols=3))
    assert "0 × 3" in told
    assert "no.such_code" in present.error_text(AppError("no.such_code"))


def test_an_error_about_a_file_names_it_on_screen_but_not_in_the_log(tmp_path: Path) -> None:
    problem = DataError("file.broken", tmp_path / "Doe_Jane.dcm")
    assert "Doe_Jane" in present.error_text(problem)
    assert "Doe" not in str(problem)
    assert "Doe" not in repr(problem)


def test_a_finding_is_told_with_its_level_and_figures() -> None:
    told = present.finding_text(
        Finding("area.too_small", Severity.REFUSE, Level.L3, {"area": 12.2, "limit": 50.0})
    )
    assert "L3" in told
    assert "12 mm²" in told
    assert "50 mm²" in told


def entry(action: str, old: str, new: str) -> AuditRow:
    values = dict.fromkeys(AuditRow.__dataclass_fields__, "")
    values |= {"action": action, "old": old, "new": new, "at_utc": "2026-11-22T08:41:27.123456+00:00"}
    return AuditRow(**values)  # type: ignore[arg-type]


def test_the_record_is_told_in_words() -> None:
    box = '{"kind": "measured", "rectangle": {"slice": 7, "row0": 94, "col0": 127, "rows": 13, "cols": 14}}'
    when, _, what, _, old, new = audit_row(entry("roi.edit", '{"kind": "empty"}', box))
    assert (when, what) == ("2026-11-22 08:41:27", "edited")
    assert old == "nothing"
    assert new == "slice 7, rows 94–106, columns 127–140 (from 0)"
    excluded = '{"kind": "not_measurable", "reason": "HEMANG"}'
    assert "haemangioma" in audit_row(entry("roi.edit", box, excluded))[5]
    other = '{"kind": "not_measurable", "note": "rod", "reason": "OTHER"}'
    assert "rod" in audit_row(entry("roi.edit", box, other))[5]


@pytest.mark.parametrize(
    "told", ["", "{", "[]", "3", '{"rectangle": 5}', '{"rectangle": {"row0": 1}}', '{"FF": "ab"}']
)
def test_an_entry_of_another_kind_stays_as_it_stands_in_the_record(told: str) -> None:
    assert audit_row(entry("something.else", "", told))[5] == told
    assert audit_row(entry("something.else", "", told))[2] == "something.else"


def test_a_task_says_how_far_it_is_and_how_long_it_may_take() -> None:
    assert present.progress_text(0, None, None) == "Working…"
    assert present.progress_text(7, None, None) == "7 found so far"
    assert present.progress_text(3, 10, None) == "3 of 10"
    assert present.progress_text(5, 10, 10.0) == "5 of 10 · about 10 s left"
    assert present.progress_text(10, 10, 0.0) == "10 of 10"
