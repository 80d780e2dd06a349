-- One more kind of message: what a consumer agreed to, to the card holder. SQLite changes no condition of a table, so
-- the table is made anew there.
--: sqlite
CREATE TABLE messages_new (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('link', 'reminder', 'notice', 'agreed_texts')),
    channel    TEXT NOT NULL CHECK (channel IN ('sms', 'email')),
    link       KEYTEXT NOT NULL,
    payment    KEYTEXT NOT NULL,
    event      KEYTEXT NOT NULL,
    lang       TEXT NOT NULL,
    recipient  KEYTEXT NOT NULL,
    address    TEXT NOT NULL,
    letter     TEXT NOT NULL,
    digest     BYTEA NOT NULL,
    with_link  BIGINT NOT NULL,
    once       KEYTEXT NOT NULL,
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- What moves.
    status     TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'failed', 'suppressed')),
    reason     TEXT NOT NULL,
    reference  TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    unsure     BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    remind_at  BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
INSERT INTO messages_new SELECT * FROM messages;
DROP TABLE messages;
ALTER TABLE messages_new RENAME TO messages;
CREATE UNIQUE INDEX messages_once ON messages (once) WHERE once <> '';
CREATE INDEX messages_due ON messages (due_at, id) WHERE status = 'queued';
CREATE INDEX messages_remind ON messages (remind_at, id) WHERE remind_at > 0;
CREATE INDEX messages_link ON messages (link, created_at);
CREATE INDEX messages_recipient ON messages (merchant, recipient, created_at);
CREATE INDEX messages_merchant ON messages (merchant, created_at, id);
CREATE INDEX messages_old ON messages (updated_at, id);
--: postgres
ALTER TABLE messages DROP CONSTRAINT messages_kind_check;
ALTER TABLE messages ADD CONSTRAINT messages_kind_check CHECK (kind IN ('link', 'reminder', 'notice', 'agreed_texts'));
--: both
