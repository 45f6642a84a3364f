"""The command ``import``: exams from files into a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from app.cli.files import refuse_missing
from app.cli.output import progress, say, warn
from app.cli.passphrase import importer
from app.cli.wishes import AskedFor, refuse_nobody, wishes_of
from app.domain.errors import DataError, InputError
from app.domain.progress import Progress
from app.domain.protocol import Protocol
from app.services.case_codes import CaseCodes, read_case_codes
from app.services.import_exams import ImportReport, import_paths, remember_answers, remembered_answers
from app.services.open_session import Session, create_session, last_viewer, open_session
from app.services.read_exam import worklist
from app.store.sessions import PROGRAM
from app.ui.present.pages import import_lines
from app.ui.sentences import label


@dataclass(frozen=True, slots=True)
class Import:
    """What an import was asked to do.

    Attributes
    ----------
    protocol : Path or None
        JSON with the protocol of a new session.
    code : str
        Case code of the one exam there is.
    codes : Path or None
        Table of case codes.
    asked : AskedFor
        What was asked for beyond what headers say.
    twins : bool
        Exams of which other cases hold the same voxels become cases too.
    """

    protocol: Path | None = None
    code: str = ""
    codes: Path | None = None
    asked: AskedFor = field(default_factory=AskedFor)
    twins: bool = False


def import_files(paths: Sequence[Path], session: Path, wanted: Import) -> int:
    """Import every exam under some paths into a session, which is made when there is none.

    Parameters
    ----------
    paths : sequence of Path
        Folders, files or archives.
    session : Path
        The session file.
    wanted : Import
        The options.

    Raises
    ------
    AppError
        When a path, the protocol, the table of codes or the session cannot be used. A session that was made
        for nothing does not stay.
    """
    refuse_missing(paths)
    refuse_nobody(wanted.asked)
    codes = read_case_codes(wanted.codes) if wanted.codes else CaseCodes(only=wanted.code)
    with _session_for_import(session, wanted.protocol) as (opened, proved), progress() as watcher:
        actor = proved or wanted.asked.who.strip() or PROGRAM
        report = _import(opened, paths, wanted, codes, watcher, actor)
    for line in import_lines(report):
        say(line)
    if not report.exams:
        warn(label("cli.nothing_imported"))
    return 0 if report.exams and not report.cancelled else 1


def _import(
    session: Session,
    paths: Sequence[Path],
    wanted: Import,
    codes: CaseCodes,
    watcher: Progress,
    actor: str,
) -> ImportReport:
    known = remembered_answers(session)
    wishes = wishes_of(wanted.asked, paths, watcher, known)
    new = {key: answer for key, answer in wishes.answers.items() if known.get(key) != answer}
    if new:
        remember_answers(session, new)
    return import_paths(
        session,
        paths,
        watcher,
        wishes=wishes,
        confirmed=wanted.asked.factors,
        who=wanted.asked.confirmed_by,
        codes=codes,
        twins=wanted.twins,
        actor=actor,
    )


@contextmanager
def _session_for_import(path: Path, protocol: Path | None) -> Iterator[tuple[Session, str]]:
    """The session of that name, or a new one that stays only if something was imported into it.

    With it, who proved to be its coordinator.
    """
    made = not path.exists()
    if not made and protocol is not None:
        raise InputError("cli.protocol_stands", file=path.name)
    opened = create_session(path, _read_protocol(protocol)) if made else open_session(path)
    try:
        yield opened, importer(opened)
    finally:
        with closing(opened):
            empty = made and not worklist(opened, last_viewer(opened))
        if empty:
            opened.path.unlink()


def _read_protocol(path: Path | None) -> Protocol:
    if path is None:
        return Protocol()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise DataError("protocol.unreadable", path) from problem
    return Protocol.from_json(text)
