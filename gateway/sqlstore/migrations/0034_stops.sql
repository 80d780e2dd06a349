-- Payers whom the limits stopped: one row for each happening, named by the link and its event that tells of the
-- beginning. Cards leave no more here than payments keep of them, and payers nothing.
CREATE TABLE stops (
    id       KEYTEXT NOT NULL PRIMARY KEY,
    link     KEYTEXT NOT NULL,
    merchant KEYTEXT NOT NULL,
    name     TEXT NOT NULL,
    bin      KEYTEXT NOT NULL,
    last4    TEXT NOT NULL,
    since    BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    tries    BIGINT NOT NULL CHECK (tries > 0),
    -- Whether it may last, as far as anybody has looked, and whether it is what its merchant was told of.
    lasts    BIGINT NOT NULL,
    told     BIGINT NOT NULL
);
CREATE INDEX stops_link ON stops (merchant, link, since, id);
CREATE INDEX stops_lasting ON stops (link) WHERE lasts = 1;
CREATE INDEX stops_told ON stops (merchant, bin) WHERE told = 1;
-- What lasts now: few, and asked for by every first screen. So are links that rest.
CREATE INDEX stops_merchant ON stops (merchant, until_at);
CREATE INDEX links_resting ON links (merchant) WHERE resting_since > 0;
