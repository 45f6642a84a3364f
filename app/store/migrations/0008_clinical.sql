-- How a clinical table was read, its further columns, single values that were typed in, and which column of a kind of
-- table means what.

CREATE TABLE clinical_source (
    import_id INTEGER PRIMARY KEY REFERENCES clinical_import (id),
    form TEXT NOT NULL CHECK (form IN ('text', 'workbook')),
    delimiter TEXT NOT NULL,
    decimal_sign TEXT NOT NULL,
    columns TEXT NOT NULL
) STRICT;

CREATE TABLE clinical_covariate (
    row_id INTEGER NOT NULL REFERENCES clinical_row (id),
    name TEXT NOT NULL,
    value REAL,
    verbatim TEXT NOT NULL,
    PRIMARY KEY (row_id, name)
) STRICT, WITHOUT ROWID;

-- the newest row of a case and a value is what was said last. It holds while the table says what it said then
-- ("replaced"), so a later table is not overruled by a correction of an earlier one
CREATE TABLE clinical_edit (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    kind TEXT NOT NULL CHECK (kind IN ('typed', 'taken_back')),
    what TEXT NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    said TEXT NOT NULL,
    unit TEXT NOT NULL,
    verbatim TEXT NOT NULL,
    replaced TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX clinical_edit_of ON clinical_edit (exam_id, id);

-- the newest row of a set of headers holds; headers are known by their hash
CREATE TABLE column_mapping (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('clinical', 'readings')),
    headers_sha256 TEXT NOT NULL,
    content TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX column_mapping_of ON column_mapping (kind, headers_sha256, id);

CREATE TRIGGER clinical_edit_no_update BEFORE UPDATE ON clinical_edit
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER clinical_edit_no_delete BEFORE DELETE ON clinical_edit
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER clinical_edit_no_replace BEFORE INSERT ON clinical_edit
WHEN EXISTS (SELECT 1 FROM clinical_edit WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
