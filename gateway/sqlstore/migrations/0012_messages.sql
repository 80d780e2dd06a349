-- Messages to card holders and merchants, each written down before it is sent. recipient is whom it goes to,
-- spelled one way; letter what is said, the same in every attempt.
CREATE TABLE messages (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    kind       TEXT NOT NULL CHECK (kind IN ('link', 'reminder', 'notice')),
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
CREATE UNIQUE INDEX messages_once ON messages (once) WHERE once <> '';
CREATE INDEX messages_due ON messages (due_at, id) WHERE status = 'queued';
CREATE INDEX messages_remind ON messages (remind_at, id) WHERE remind_at > 0;
CREATE INDEX messages_link ON messages (link, created_at);
CREATE INDEX messages_recipient ON messages (merchant, recipient, created_at);
CREATE INDEX messages_merchant ON messages (merchant, created_at, id);
CREATE INDEX messages_old ON messages (updated_at, id);

CREATE TABLE message_attempts (
    message   KEYTEXT NOT NULL,
    number    BIGINT NOT NULL,
    at        BIGINT NOT NULL,
    took      BIGINT NOT NULL,
    code      BIGINT NOT NULL,
    error     TEXT NOT NULL,
    answer    TEXT NOT NULL,
    reference TEXT NOT NULL,
    PRIMARY KEY (message, number)
);

-- Whom a merchant never writes to.
CREATE TABLE suppressions (
    merchant   KEYTEXT NOT NULL,
    recipient  KEYTEXT NOT NULL,
    channel    TEXT NOT NULL,
    address    TEXT NOT NULL,
    reason     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, recipient)
);

-- What a merchant set about messages: who is told of events, reminders, own words. told says that somebody is.
-- The digest is keyed, over the rest: nobody has himself told by writing into the database (A67).
CREATE TABLE message_settings (
    merchant   KEYTEXT NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    data       TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    digest     BYTEA NOT NULL
);
