-- Invitations of people who work for another merchant to work for this one as well. The digest is keyed, over the rest, so
-- that nobody is invited as something else by hand.
CREATE TABLE joinings (
    user_id    KEYTEXT NOT NULL,
    merchant   KEYTEXT NOT NULL,
    hash       BYTEA NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    own_links  BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    digest     BYTEA NOT NULL,
    PRIMARY KEY (user_id, merchant)
);
