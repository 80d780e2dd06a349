-- People who sign in to the panel. The digest is keyed, over the rest: nobody becomes a user, or gets another
-- password, by writing into the database (A67). The second factor's secret is sealed as credentials are.
CREATE TABLE users (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    email      KEYTEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    lang       TEXT NOT NULL,
    password   BYTEA NOT NULL,
    spare      BYTEA NOT NULL,
    version    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    second     BYTEA NOT NULL,
    digest     BYTEA NOT NULL,
    -- The last time step of the second factor that was used: a code is good once.
    step       BIGINT NOT NULL DEFAULT 0
);

-- What a user is at a merchant; the merchant's audit trail vouches for the row, which stays when it ends.
CREATE TABLE members (
    user_id    KEYTEXT NOT NULL,
    merchant   KEYTEXT NOT NULL,
    role       TEXT NOT NULL,
    own_links  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, user_id)
);
CREATE INDEX members_user ON members (user_id);

-- Sessions of the panel, under a keyed hash of what the cookie holds.
CREATE TABLE visits (
    hash       BYTEA NOT NULL PRIMARY KEY,
    user_id    KEYTEXT NOT NULL,
    merchant   KEYTEXT NOT NULL,
    stage      TEXT NOT NULL,
    ip         TEXT NOT NULL,
    agent      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX visits_user ON visits (user_id, seen_at);
CREATE INDEX visits_old ON visits (ends_at);

CREATE TABLE invitations (
    user_id    KEYTEXT NOT NULL PRIMARY KEY,
    hash       BYTEA NOT NULL UNIQUE,
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tries (
    name   BYTEA NOT NULL PRIMARY KEY,
    count  BIGINT NOT NULL,
    since  BIGINT NOT NULL,
    locked BIGINT NOT NULL
);
CREATE INDEX tries_old ON tries (since);

CREATE TABLE sign_ins (
    user_id KEYTEXT NOT NULL,
    name    BYTEA NOT NULL,
    how     TEXT NOT NULL,
    ip      TEXT NOT NULL,
    agent   TEXT NOT NULL,
    at      BIGINT NOT NULL
);
CREATE INDEX sign_ins_user ON sign_ins (user_id, at);

-- Who made a link in the panel. Links of programs have no row.
CREATE TABLE link_makers (
    link     KEYTEXT NOT NULL PRIMARY KEY,
    merchant KEYTEXT NOT NULL,
    maker    KEYTEXT NOT NULL
);
CREATE INDEX link_makers_maker ON link_makers (merchant, maker, link);
