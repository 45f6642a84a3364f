"""How long a table of 100 000 patients takes to be read and joined, beside the mere splitting of its lines.

With ``--benchmark-enable`` it is timed; otherwise a short table runs once as a test.
"""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from pytest_benchmark.fixture import BenchmarkFixture

from app.files.clinical_table import read_clinical_table
from app.services.join_clinical import join
from app.store.clinical import ExamIdentifiers

GOAL_MS = 3000.0
_PATIENTS, _FEW = 100_000, 200
_EXAMS = 120
_ROUNDS = 5
_HEADERS = (
    "病历号,检查号,姓名,性别,年龄,身高(cm),体重指数,检查日期,L1骨密度(g/cm2),L1-L4骨密度(g/cm2),L1-L4 T值"
)


def _line(number: int, chance: random.Random) -> list[str]:
    age, index, score = chance.randint(40, 90), chance.uniform(18, 30), chance.uniform(-4, 1)
    densities = [f"{chance.uniform(0.5, 1.2):.3f}" for _ in range(2)]
    who = [f"{number:06d}", f"MR{number}", "张三", "女"]
    return [
        *who,
        f"{age}岁",
        "160",
        f"{index:.1f}",
        "2024年3月5日",
        *densities,
        f"{score:.1f}".replace("-", "−"),
    ]


def _rows(count: int) -> list[list[str]]:
    chance = random.Random(1)  # noqa: S311 - the same table every time
    return [_HEADERS.split(","), *(_line(number, chance) for number in range(count))]


@pytest.fixture(scope="module")
def many(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A CSV file and how many patients it has: few where nothing is timed."""
    timed = bool(request.config.getoption("--benchmark-enable", default=False))
    count = _PATIENTS if timed else _FEW
    path = tmp_path_factory.mktemp("clinical") / "clinical.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(_rows(count))
    return path, count


def _read_and_join(path: Path, count: int) -> None:
    exams = [
        ExamIdentifiers(number, f"C{number}", f"{number:06d}", f"MR{number}", "2024-03-01")
        for number in range(min(_EXAMS, count))
    ]
    joining = join(read_clinical_table(path).rows, exams)
    assert sum(one.exam_id is not None for one in joining.rows) == len(exams)
    assert len(joining.rows) == count


def _split(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.reader(file)) > 1


def _median_ms(work: Callable[[], None]) -> float:
    took = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start) * 1000)
    return sorted(took)[_ROUNDS // 2]


def test_a_table_of_very_many_patients(benchmark: BenchmarkFixture, many: tuple[Path, int]) -> None:
    path, count = many
    benchmark.pedantic(_read_and_join, args=(path, count), rounds=1)
    if not benchmark.disabled:
        ours, floor = _median_ms(lambda: _read_and_join(path, count)), _median_ms(lambda: _split(path))
        benchmark.extra_info.update(ours_ms=ours, floor_ms=floor, ratio=ours / floor, goal_ms=GOAL_MS)


def test_a_workbook_of_many_patients(
    benchmark: BenchmarkFixture, tmp_path: Path, many: tuple[Path, int]
) -> None:
    _, count = many
    count = count // 10
    book = Workbook(write_only=True)
    sheet = book.create_sheet("S")
    for row in _rows(count):
        sheet.append(row)
    path = tmp_path / "clinical.xlsx"
    book.save(path)
    benchmark.pedantic(_read_and_join, args=(path, count), rounds=1)
    if not benchmark.disabled:
        took = _median_ms(lambda: _read_and_join(path, count))
        benchmark.extra_info.update(told=f"{count} patients in a workbook: {took:.0f} ms")
