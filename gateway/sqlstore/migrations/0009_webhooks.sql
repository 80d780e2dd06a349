-- Endpoints that are told of events. What signs is sealed as credentials are; the merchant's audit trail
-- vouches for the row, which stays when it is deleted.
CREATE TABLE webhook_endpoints (
    id          KEYTEXT NOT NULL PRIMARY KEY,
    merchant    KEYTEXT NOT NULL,
    url         TEXT NOT NULL,
    topics      TEXT NOT NULL,
    description TEXT NOT NULL,
    enabled     BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    deleted_at  BIGINT NOT NULL,
    old_until   BIGINT NOT NULL,
    secrets     BYTEA NOT NULL
);
CREATE INDEX webhook_endpoints_merchant ON webhook_endpoints (merchant, created_at, id);

-- The feed: each outbox row gets a place once it is committed, under the lock of this one row, so places
-- become visible in their order and none behind a reader's back.
CREATE TABLE feed (
    one   BIGINT NOT NULL PRIMARY KEY,
    place BIGINT NOT NULL
);
ALTER TABLE outbox ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
-- What was written before anybody could be told has its place and is delivered to nobody.
UPDATE outbox SET place = r.n, done_at = due_at
    FROM (SELECT event AS e, row_number() OVER (ORDER BY due_at, subject, seq) AS n FROM outbox) AS r WHERE outbox.event = r.e;
INSERT INTO feed (one, place) SELECT 1, COALESCE(MAX(place), 0) FROM outbox;
CREATE UNIQUE INDEX outbox_place ON outbox (merchant, place) WHERE place > 0;

-- What is sent, to the byte, for as long as it may be sent again.
CREATE TABLE event_bodies (
    event   KEYTEXT NOT NULL PRIMARY KEY,
    body    BYTEA NOT NULL,
    kept_at BIGINT NOT NULL
);
CREATE INDEX event_bodies_old ON event_bodies (kept_at);

CREATE TABLE deliveries (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    endpoint   KEYTEXT NOT NULL,
    event      KEYTEXT NOT NULL,
    topic      TEXT NOT NULL,
    subject    KEYTEXT NOT NULL,
    seq        BIGINT NOT NULL,
    ordered    BIGINT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'failed')),
    attempts   BIGINT NOT NULL,
    due_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (endpoint, due_at, id) WHERE status = 'waiting';
CREATE INDEX deliveries_before ON deliveries (endpoint, subject, seq) WHERE status = 'waiting' AND ordered = 1;
CREATE INDEX deliveries_endpoint ON deliveries (endpoint, created_at, id);
CREATE INDEX deliveries_old ON deliveries (created_at, id);

CREATE TABLE delivery_attempts (
    delivery KEYTEXT NOT NULL,
    number   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    took     BIGINT NOT NULL,
    code     BIGINT NOT NULL,
    error    TEXT NOT NULL,
    PRIMARY KEY (delivery, number)
);

-- The end that a link's event of it told, so that each end is told once. Ends that had come before are not.
ALTER TABLE links ADD COLUMN told_expiry BIGINT NOT NULL DEFAULT 0;
--: sqlite
UPDATE links SET told_expiry = expires_at WHERE expires_at <= CAST(unixepoch('subsec') * 1000000 AS INTEGER);
--: postgres
UPDATE links SET told_expiry = expires_at WHERE expires_at <= (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
--: both
-- Links whose end is still to be told; links.go has its condition in the same words.
CREATE INDEX links_ending ON links (expires_at, id)
    WHERE deleted_at = 0 AND NOT (slots > 0 AND paid_count >= slots) AND told_expiry <> expires_at;
