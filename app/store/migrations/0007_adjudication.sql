-- What a coordinator decides where readers differ. It stands beside the readings and never changes one.

-- the newest decision on a level is what holds, as long as the readings are those it was made on: "readings" tells
-- what they were, and where they are others the level waits for a decision again
CREATE TABLE adjudication (
    id INTEGER PRIMARY KEY,
    exam_id INTEGER NOT NULL REFERENCES exam (id),
    level TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('mean', 'reader', 'drawn', 'excluded')),
    chosen TEXT NOT NULL,
    slice INTEGER,
    row0 INTEGER,
    col0 INTEGER,
    rows INTEGER,
    cols INTEGER,
    angle_deg REAL,
    depth INTEGER,
    reason TEXT,
    note TEXT NOT NULL,
    readings TEXT NOT NULL,
    rule TEXT NOT NULL,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    protocol_id INTEGER NOT NULL REFERENCES protocol (id),
    software TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE INDEX adjudication_of ON adjudication (exam_id, level, id);

-- the values a decision gives; of a mean of readers only the mean is known, of an excluded level there are none
CREATE TABLE adjudicated_value (
    adjudication_id INTEGER NOT NULL REFERENCES adjudication (id),
    quantity TEXT NOT NULL,
    n INTEGER,
    mean REAL,
    sd REAL,
    median REAL,
    minimum REAL,
    maximum REAL,
    area_mm2 REAL,
    nan INTEGER,
    zero INTEGER,
    below INTEGER,
    above INTEGER,
    saturated INTEGER,
    PRIMARY KEY (adjudication_id, quantity)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER adjudication_no_update BEFORE UPDATE ON adjudication
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjudication_no_delete BEFORE DELETE ON adjudication
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjudication_no_replace BEFORE INSERT ON adjudication
WHEN EXISTS (SELECT 1 FROM adjudication WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER adjudicated_value_no_update BEFORE UPDATE ON adjudicated_value
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjudicated_value_no_delete BEFORE DELETE ON adjudicated_value
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER adjudicated_value_no_replace BEFORE INSERT ON adjudicated_value
WHEN EXISTS (
    SELECT 1 FROM adjudicated_value WHERE adjudication_id = new.adjudication_id AND quantity = new.quantity
)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
