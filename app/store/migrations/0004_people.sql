-- Several people: who may do what, how each proves who they are, when the study was opened, and who looked early.

-- the newest row of a reader and a role holds; a session without any row is open to everybody
CREATE TABLE role_grant (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    role TEXT NOT NULL CHECK (role IN ('reader', 'coordinator')),
    granted INTEGER NOT NULL CHECK (granted IN (0, 1)),
    at_utc TEXT NOT NULL
) STRICT;

-- the newest row of a reader holds; the scheme 'none' takes the secret away
CREATE TABLE credential (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    scheme TEXT NOT NULL,
    salt BLOB NOT NULL,
    hash BLOB NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

-- the newest row holds, whatever the protocol says; without any row the protocol decides
CREATE TABLE blinding_event (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('blinded', 'unblinded')),
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    reason TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

-- who reads, and saw others' readings before their own were done: what they sign off later is not blinded
CREATE TABLE exposure (
    id INTEGER PRIMARY KEY,
    reader_id INTEGER NOT NULL REFERENCES reader (id),
    reason TEXT NOT NULL,
    at_utc TEXT NOT NULL
) STRICT;

CREATE TRIGGER role_grant_no_update BEFORE UPDATE ON role_grant
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER role_grant_no_delete BEFORE DELETE ON role_grant
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER role_grant_no_replace BEFORE INSERT ON role_grant
WHEN EXISTS (SELECT 1 FROM role_grant WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER credential_no_update BEFORE UPDATE ON credential
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER credential_no_delete BEFORE DELETE ON credential
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER credential_no_replace BEFORE INSERT ON credential
WHEN EXISTS (SELECT 1 FROM credential WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER blinding_event_no_update BEFORE UPDATE ON blinding_event
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER blinding_event_no_delete BEFORE DELETE ON blinding_event
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER blinding_event_no_replace BEFORE INSERT ON blinding_event
WHEN EXISTS (SELECT 1 FROM blinding_event WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;

CREATE TRIGGER exposure_no_update BEFORE UPDATE ON exposure
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER exposure_no_delete BEFORE DELETE ON exposure
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER exposure_no_replace BEFORE INSERT ON exposure
WHEN EXISTS (SELECT 1 FROM exposure WHERE id = new.id)
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
