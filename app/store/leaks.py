"""Looking through every byte of a file for what must not be in it: names, identifiers, other readers."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.store import schema, seals
from app.store.database import Database

_SHORTEST = 4
# a name in characters is short, but three bytes for each of them are never there by chance
_SHORTEST_WIDE = 2
# compressed voxels hold every short sequence of bytes sooner or later; a gigabyte of them none of this length
_CERTAIN_BYTES = 10
_NAME_PARTS = re.compile(r"[\^=\s,.]+")
_HEX = re.compile(r"[0-9a-f.-]+")
_MADE_UP = re.compile(r"\d{4}-\d\d-\d\dt[\d:.+]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHUNK_BYTES = 4 << 20
_SIDES = "(?<![a-z0-9]){}(?![a-z0-9])"

_IDENTITY = (
    "SELECT patient_name FROM identity",
    "SELECT patient_id FROM identity",
    "SELECT accession FROM identity",
    "SELECT birth_date FROM identity",
    "SELECT study_date FROM identity",
    "SELECT study_uid FROM identity",
    "SELECT frame_uid FROM identity",
    "SELECT patient_id FROM clinical_identity",
    "SELECT accession FROM clinical_identity",
    "SELECT sop_uid FROM map_source",
    "SELECT sop_uid FROM reference_source",
)
_SCANNERS = "SELECT DISTINCT manufacturer, model FROM exam"
_OTHERS = "SELECT DISTINCT name FROM reader WHERE name <> (SELECT name FROM reader WHERE id = ?)"
_WORDS = re.compile(r"\w+")


def forbidden(database: Database, reader_id: int) -> frozenset[str]:
    """All that a file for one reader must not hold, in lower case.

    Names, identifiers, dates and source UIDs of patients, and the names of other readers. Too short ones are
    left out: they are everywhere. So is the part of a name that a scanner bears too, as Philips may; the
    whole name and its other parts are not.
    """
    found: set[str] = set()
    for sql in _IDENTITY:
        for (text,) in database.rows(sql):
            found |= {text, text.replace("-", "")}
    scanners = {word.casefold() for row in database.rows(_SCANNERS) for word in _WORDS.findall(" ".join(row))}
    for (name,) in database.rows(_IDENTITY[0]):
        found |= {*name.split("=")}
        found |= {part for part in _NAME_PARTS.split(name) if part.casefold() not in scanners}
    # the reader may have been enrolled once before, with a centre that was taken back
    others = database.rows(_OTHERS, (reader_id,))
    found |= {row["name"] for row in others}
    return frozenset(word for one in found if _tells(word := one.strip().casefold()))


def _tells(word: str) -> bool:
    return len(word) >= (_SHORTEST if word.isascii() else _SHORTEST_WIDE)


def leaks(
    database: Database,
    words: frozenset[str],
    *,
    own_name: str,
    certain_from: int,
    seen: Callable[[int], None] = lambda _: None,
) -> int:
    """How many forbidden words a file that was just written holds.

    Parameters
    ----------
    database : Database
        The file, with nothing waiting in a journal.
    words : frozenset of str
        From :func:`forbidden`.
    own_name : str
        Name of the reader it is for, which may well be part of a patient's.
    certain_from : int
        Byte from which on the file holds packed voxels only: there, short sequences mean nothing.
    seen : callable
        Told how many bytes were looked through so far; may raise to stop.

    Returns
    -------
    int
        0 for a file that may leave.

    Notes
    -----
    A word counts where it stands for itself in a value, and where its bytes are in the file but in no value
    at all. Inside a longer word, as in a hash or a date and time, it tells nothing.
    """
    texts = [text for text in _texts(database) if text != own_name.casefold()]
    told = "\n".join(texts)
    raw = _in_file(database.path, words, certain_from, seen)
    there = raw | Finder(_patterns(words)).find(np.frombuffer(told.encode(), np.uint8))
    # what the program itself calls its tables and fields, and the name of whom it is for
    known = "\n".join((told, *(text.casefold() for text in _whole_texts(database)), *_schema(database)))
    short = {word for word in words if _is_number(word)}
    return sum(_leaks(word, told, known, raw) for word in there | short)


def _leaks(word: str, told: str, known: str, raw: set[str]) -> bool:
    if word not in told:
        return word in raw and word not in known
    # characters of other scripts stand side by side without a sign between words
    return not word.isascii() or re.search(_SIDES.format(re.escape(word)), told) is not None


def _is_number(word: str) -> bool:
    """Whether so short a word is met by chance where two values, or the bytes of a number, touch."""
    return len(word) < _CERTAIN_BYTES and _HEX.fullmatch(word) is not None


def _patterns(words: Iterable[str]) -> dict[bytes, str]:
    """The bytes to look for, and the word each stands for."""
    found = {}
    for word in words:
        if not _is_number(word):
            found[word.encode().lower()] = word
        for encoding in ("utf-16-le", "utf-16-be"):
            found[word.encode(encoding).lower()] = word
    return found


def _in_file(path: Path, words: frozenset[str], certain_from: int, seen: Callable[[int], None]) -> set[str]:
    patterns = _patterns(words)
    everywhere = Finder(patterns)
    certain = Finder({raw: word for raw, word in patterns.items() if len(raw) >= _CERTAIN_BYTES})
    longest = max(map(len, patterns), default=1)
    found: set[str] = set()
    with path.open("rb") as file:
        done, kept = 0, b""
        while chunk := file.read(_CHUNK_BYTES):
            finder = everywhere if done < certain_from else certain
            found |= finder.find(np.frombuffer(kept + chunk, np.uint8))
            # a word may begin in one chunk and end in the next
            kept, done = chunk[-longest:], done + len(chunk)
            seen(done)
    return found


def _texts(database: Database) -> Iterator[str]:
    """Every text of a file in lower case, but for moments and keys that the program made up.

    Of JSON only the texts: the names in it are ours, and so are its numbers, which are measured or counted.
    """
    for text in _whole_texts(database):
        for leaf in _leaves(seals.without_seals(text)):
            if not _MADE_UP.fullmatch(leaf):
                yield leaf


def _leaves(text: str) -> Iterator[str]:
    if not text.startswith(("{", "[")):
        yield text.casefold()
        return
    try:
        content = json.loads(text)
    except ValueError:
        content = text
    yield from _values(content)


def _values(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for one in content:
            yield from _values(one)
    elif isinstance(content, str):
        yield content.casefold()


def _whole_texts(database: Database) -> Iterator[str]:
    for name in schema.newest().tables:
        if name not in schema.PIXELS:
            for row in database.rows(f"SELECT * FROM {name}"):  # noqa: S608 - our own tables
                yield from (value for value in row if isinstance(value, str))


def _schema(database: Database) -> Iterator[str]:
    for name, sql in database.rows("SELECT name, coalesce(sql, '') FROM sqlite_schema"):
        yield from (name.casefold(), sql.casefold())


class Finder:
    """Many sequences of bytes looked for at once, letters in either case.

    Parameters
    ----------
    patterns : mapping of bytes to str
        What to look for, in lower case, at least four bytes each; and what it stands for.
    """

    def __init__(self, patterns: dict[bytes, str]) -> None:
        self._first = np.zeros(1 << 16, np.bool_)
        self._second = np.zeros(1 << 16, np.bool_)
        self._by_head: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        for raw, word in patterns.items():
            self._by_head[raw[:4]].append((raw, word))
            for table, pair in ((self._first, raw[:2]), (self._second, raw[2:4])):
                for one in _cases(pair[:1]):
                    for two in _cases(pair[1:]):
                        table[one | two << 8] = True

    def find(self, content: npt.NDArray[np.uint8]) -> set[str]:
        """What of it is in some bytes.

        Parameters
        ----------
        content : ndarray of uint8, shape (n,)
            The bytes.
        """
        found: set[str] = set()
        if not self._by_head:
            return found
        lower: bytes | None = None
        for start in (0, 1):
            even = content[start : start + (content.size - start) // 2 * 2]
            pairs = even.view("<u2")
            at = np.flatnonzero(self._first[pairs[:-1]])
            at = at[self._second[pairs[at + 1]]]
            if at.size and lower is None:
                lower = content.tobytes().lower()
            for place in (at * 2 + start).tolist():
                for raw, word in self._by_head.get((lower or b"")[place : place + 4], ()):
                    if (lower or b"").startswith(raw, place):
                        found.add(word)
        return found


def _cases(byte: bytes) -> set[int]:
    return {byte.lower()[0], byte.upper()[0]}
