-- The ledger. Times are microseconds since 1970 UTC, 0 = never; money is minor units; lists and
-- maps are JSON text. Every statement means the same to SQLite and PostgreSQL; what cannot stands in
-- a section that begins with "--: sqlite" or "--: postgres" and ends with "--: both".
--
-- A later migration only adds (tables, columns with a default, indexes): the program before it goes
-- on reading and writing while an upgrade rolls.

-- A keytext is a text of plain ASCII that is compared byte by byte whatever the database's language
-- is, so that ranges over ids mean the same everywhere. (To SQLite it is one more name for TEXT.)
--: postgres
CREATE DOMAIN keytext AS text COLLATE "C";
--: both

-- Keys that must outlive a change of the master key, wrapped under it.
CREATE TABLE keys (
    name    KEYTEXT NOT NULL PRIMARY KEY,
    wrapped BYTEA NOT NULL
);

CREATE TABLE merchants (
    id             KEYTEXT NOT NULL PRIMARY KEY,
    name           TEXT NOT NULL,
    legal_name     TEXT NOT NULL,
    phone          TEXT NOT NULL,
    email          TEXT NOT NULL,
    website        TEXT NOT NULL,
    accent         TEXT NOT NULL,
    logo_type      TEXT NOT NULL,
    currencies     TEXT NOT NULL,
    installments   TEXT NOT NULL,
    max_count      BIGINT NOT NULL,
    category       TEXT NOT NULL,
    brands         TEXT NOT NULL,
    return_origins TEXT NOT NULL,
    test           BIGINT NOT NULL,
    version        BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    head           BYTEA NOT NULL
);

-- Apart from merchants, so that reading a merchant never moves its picture.
CREATE TABLE logos (
    merchant KEYTEXT NOT NULL PRIMARY KEY,
    data     BYTEA NOT NULL
);

CREATE TABLE accounts (
    id            KEYTEXT NOT NULL PRIMARY KEY,
    merchant      KEYTEXT NOT NULL,
    kind          TEXT NOT NULL,
    name          TEXT NOT NULL,
    mode          TEXT NOT NULL,
    base_url      TEXT NOT NULL,
    currencies    TEXT NOT NULL,
    programs      TEXT NOT NULL,
    issuers       TEXT NOT NULL,
    rates         TEXT NOT NULL,
    pricing       TEXT NOT NULL,
    min_per_month BIGINT NOT NULL,
    half_secure   BIGINT NOT NULL,
    priority      BIGINT NOT NULL,
    enabled       BIGINT NOT NULL,
    version       BIGINT NOT NULL,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    credentials   BYTEA NOT NULL
);
CREATE INDEX accounts_merchant ON accounts (merchant, priority);

CREATE TABLE api_keys (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    name       TEXT NOT NULL,
    shown      TEXT NOT NULL,
    hash       BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX api_keys_merchant ON api_keys (merchant);

CREATE TABLE links (
    id             KEYTEXT NOT NULL PRIMARY KEY,
    token          KEYTEXT NOT NULL UNIQUE,
    merchant       KEYTEXT NOT NULL,
    merchant_order TEXT NOT NULL,
    open_amount    BIGINT NOT NULL,
    currency       TEXT NOT NULL,
    amount         BIGINT NOT NULL,
    min_amount     BIGINT NOT NULL,
    max_amount     BIGINT NOT NULL,
    description    TEXT NOT NULL,
    installments   TEXT NOT NULL,
    active_from    BIGINT NOT NULL,
    expires_at     BIGINT NOT NULL,
    usage          TEXT NOT NULL,
    max_payments   BIGINT NOT NULL,
    payer_note     BIGINT NOT NULL,
    customer_name  TEXT NOT NULL,
    customer_email TEXT NOT NULL,
    customer_phone TEXT NOT NULL,
    return_url     TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    category       TEXT NOT NULL,
    version        BIGINT NOT NULL,
    resting_since  BIGINT NOT NULL,
    deleted_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    -- Counters and derived values; they follow payments and have no event of the link's own.
    slots          BIGINT NOT NULL,
    search         TEXT NOT NULL,
    rev            BIGINT NOT NULL,
    slots_held     BIGINT NOT NULL CHECK (slots_held >= 0),
    paid_count     BIGINT NOT NULL CHECK (paid_count >= 0),
    paid_minor     BIGINT NOT NULL,
    paid_by        KEYTEXT NOT NULL,
    paid_at        BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL,
    seq            BIGINT NOT NULL,
    head           BYTEA NOT NULL,
    -- For ever: a deleted link stays a row.
    UNIQUE (merchant, merchant_order)
);
CREATE INDEX links_merchant ON links (merchant, created_at, id);
CREATE INDEX links_changed ON links (changed_at);
CREATE INDEX links_live ON links (expires_at) WHERE deleted_at = 0;

CREATE TABLE payments (
    id              KEYTEXT NOT NULL PRIMARY KEY,
    merchant        KEYTEXT NOT NULL,
    link            KEYTEXT NOT NULL,
    token           KEYTEXT NOT NULL,
    link_version    BIGINT NOT NULL,
    merchant_order  TEXT NOT NULL,
    bank_order      KEYTEXT NOT NULL UNIQUE,
    nonce           TEXT NOT NULL,
    currency        TEXT NOT NULL,
    amount          BIGINT NOT NULL,
    total           BIGINT NOT NULL,
    installments    BIGINT NOT NULL,
    rate            BIGINT NOT NULL,
    account         KEYTEXT NOT NULL,
    kind            TEXT NOT NULL,
    mode            TEXT NOT NULL,
    one_step        BIGINT NOT NULL,
    half_secure     BIGINT NOT NULL,
    single_use      BIGINT NOT NULL,
    card_brand      TEXT NOT NULL,
    card_issuer     TEXT NOT NULL,
    card_issuer_code TEXT NOT NULL,
    card_program    TEXT NOT NULL,
    card_kind       TEXT NOT NULL,
    card_commercial BIGINT NOT NULL,
    card_bin        TEXT NOT NULL,
    card_last4      TEXT NOT NULL,
    payer_note      TEXT NOT NULL,
    payer_ip        TEXT NOT NULL,
    payer_agent     TEXT NOT NULL,
    payer_lang      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    -- What moves.
    status          TEXT NOT NULL CHECK (status IN ('challenged', 'authorizing', 'pending', 'paid', 'declined',
                        'failed', 'abandoned', 'voided', 'partially_refunded', 'refunded')),
    slot            BIGINT CHECK (slot >= 0),
    refs            TEXT NOT NULL,
    md_status       TEXT NOT NULL,
    eci             TEXT NOT NULL,
    liability       TEXT NOT NULL,
    auth_code       TEXT NOT NULL,
    rrn             TEXT NOT NULL,
    decline_code    TEXT NOT NULL,
    decline_bank_code TEXT NOT NULL,
    decline_message TEXT NOT NULL,
    reversal        TEXT NOT NULL,
    refunded        BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= total),
    deadline        BIGINT NOT NULL,
    asks            BIGINT NOT NULL,
    not_found       BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    paid_at         BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    head            BYTEA NOT NULL
);
-- Invariant I2: a slot of a link is held by one payment at most.
CREATE UNIQUE INDEX payments_slot ON payments (link, slot) WHERE slot IS NOT NULL;
CREATE INDEX payments_merchant ON payments (merchant, created_at, id);
CREATE INDEX payments_link ON payments (link, created_at, id);
CREATE INDEX payments_due ON payments (due_at) WHERE due_at > 0;

CREATE TABLE events (
    subject    KEYTEXT NOT NULL,
    seq        BIGINT NOT NULL,
    id         KEYTEXT NOT NULL,
    merchant   KEYTEXT NOT NULL,
    type       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    ip         TEXT NOT NULL,
    at         BIGINT NOT NULL,
    data       TEXT NOT NULL,
    row_id     KEYTEXT NOT NULL,
    row_digest BYTEA NOT NULL,
    prev       BYTEA NOT NULL,
    hash       BYTEA NOT NULL,
    PRIMARY KEY (subject, seq)
)
-- Only ever read along a chain.
--: sqlite
WITHOUT ROWID
--: both
;

CREATE TABLE outbox (
    event    KEYTEXT NOT NULL PRIMARY KEY,
    merchant KEYTEXT NOT NULL,
    subject  KEYTEXT NOT NULL,
    seq      BIGINT NOT NULL,
    topic    TEXT NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    done_at  BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE done_at = 0;

CREATE TABLE idempotency (
    merchant   KEYTEXT NOT NULL,
    name       TEXT NOT NULL,
    request    BYTEA NOT NULL,
    status     BIGINT NOT NULL,
    body       BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant, name)
);

--: sqlite
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
--: postgres
CREATE FUNCTION odelink_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'events are append-only'; END $$;
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION odelink_append_only();
CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION odelink_append_only();
--: both
