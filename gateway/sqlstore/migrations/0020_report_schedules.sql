-- Reports that are sent by e-mail again and again. The digest is keyed, over what the merchant said: nobody has
-- reports sent to himself by writing into the database (A67).
CREATE TABLE report_schedules (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    version    BIGINT NOT NULL,
    terms      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    digest     BYTEA NOT NULL,
    -- What moves.
    due_at     BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    made_from  BIGINT NOT NULL,
    made_to    BIGINT NOT NULL,
    rows       BIGINT NOT NULL,
    error      TEXT NOT NULL
);
CREATE INDEX report_schedules_merchant ON report_schedules (merchant, created_at, id);
CREATE INDEX report_schedules_due ON report_schedules (due_at, id);

-- The mails of a report that was made at created_at, one for each address; the file is that of all of them, and is
-- kept until none waits.
CREATE TABLE report_mails (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    schedule   KEYTEXT NOT NULL,
    recipient  KEYTEXT NOT NULL,
    address    TEXT NOT NULL,
    lang       TEXT NOT NULL,
    letter     TEXT NOT NULL,
    file       KEYTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- What moves.
    status     TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'failed', 'suppressed')),
    reason     TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    unsure     BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX report_mails_due ON report_mails (due_at, id) WHERE status = 'queued';
CREATE INDEX report_mails_schedule ON report_mails (schedule, created_at);
CREATE INDEX report_mails_recipient ON report_mails (merchant, recipient, created_at);
CREATE INDEX report_mails_file ON report_mails (file) WHERE status = 'queued';
CREATE INDEX report_mails_old ON report_mails (updated_at, id);

CREATE TABLE report_files (
    id       KEYTEXT NOT NULL PRIMARY KEY,
    merchant KEYTEXT NOT NULL,
    name     TEXT NOT NULL,
    type     TEXT NOT NULL,
    body     BYTEA NOT NULL
);
