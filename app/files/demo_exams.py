"""The demo exams: their recipe, their DICOM folders, the truth and a clinical table beside them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import Lesion, PhantomSpec
from app.domain.progress import Progress
from app.files.demo_clinical import write_clinical
from app.files.dicom.write_ge import CaseHeader, Layout, write_ideal_iq


@dataclass(frozen=True, slots=True)
class DemoExam:
    """One exam of the recipe.

    Parameters
    ----------
    folder : str
        Name of its DICOM folder; also what its UIDs are made from.
    spec : PhantomSpec
    case : CaseHeader
    layout : {"series_per_contrast", "one_series_scrambled"}
    age_years : int
    height_cm, weight_kg : float
    """

    folder: str
    spec: PhantomSpec
    case: CaseHeader
    layout: Layout
    age_years: int
    height_cm: float
    weight_kg: float


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """Where a written demo lies.

    Parameters
    ----------
    dicom : Path
        Folder to import; one folder per exam in it.
    truth : Path
        Folder of one JSON file per exam.
    clinical : Path
        The clinical table, CSV.
    """

    dicom: Path
    truth: Path
    clinical: Path


def read_recipe(text: str) -> tuple[DemoExam, ...]:
    """Read the recipe of the demo exams.

    Parameters
    ----------
    text : str
        JSON; ``exams`` is a list of objects with the fields of :class:`DemoExam`.

    Returns
    -------
    tuple of DemoExam

    Raises
    ------
    KeyError, TypeError, ValueError
        If the recipe is not of that form (it ships with the program).
    InputError
        If an exam asks for an impossible phantom.
    """
    return tuple(_exam(**entry) for entry in json.loads(text)["exams"])


def _exam(
    *, spec: dict[str, float], case: dict[str, str], lesion: dict[str, str] | None = None, **rest: object
) -> DemoExam:
    focus = Lesion(**lesion) if lesion is not None else None  # type: ignore[arg-type]  # Lesion checks its kind
    header = CaseHeader(**case, age=f"{rest['age_years']:03d}Y")
    return DemoExam(spec=PhantomSpec(**spec, lesion=focus), case=header, **rest)  # type: ignore[arg-type]  # from JSON


def write_demo(exams: tuple[DemoExam, ...], folder: Path, progress: Progress) -> DemoFiles:
    """Make and write all demo exams, their truth and the clinical table.

    Parameters
    ----------
    exams : tuple of DemoExam
        At least one.
    folder : Path
        Receives ``dicom/<exam>/IM0001`` ..., ``truth/<exam>.json`` and ``clinical.csv``; made when missing.
    progress : Progress
        Told after every exam.

    Returns
    -------
    DemoFiles

    Raises
    ------
    Cancelled
        When the user asked to stop; what is written stays.
    OSError
        If something cannot be written.
    """
    files = DemoFiles(folder / "dicom", folder / "truth", folder / "clinical.csv")
    files.truth.mkdir(parents=True, exist_ok=True)
    for done, exam in enumerate(exams, start=1):
        phantom = make_phantom(exam.spec)
        write_ideal_iq(
            phantom, files.dicom / exam.folder, case=exam.case, layout=exam.layout, uid_seed=exam.folder
        )
        write_truth(phantom, files.truth / f"{exam.folder}.json")
        progress.report(done, len(exams))
    write_clinical(exams, files.clinical)
    return files


def write_truth(phantom: Phantom, path: Path) -> None:
    """Write what is known about a phantom as JSON: ``spec``, ``mid_slice``, ``levels``.

    Slices, rows and columns are zero-based in the stored matrix, slices in order of position.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    truth = {"spec": asdict(phantom.spec), **asdict(phantom.truth)}
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
