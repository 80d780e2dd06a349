-- Banks' lists of a day held against the ledger. The merchant's audit trail vouches for runs, for how rows were
-- resolved and for entries made by hand; a run vouches for its rows by their digest.
CREATE TABLE reconciliations (
    id          KEYTEXT NOT NULL PRIMARY KEY,
    merchant    KEYTEXT NOT NULL,
    account     KEYTEXT NOT NULL,
    day         KEYTEXT NOT NULL,
    source      TEXT NOT NULL,
    lines       BIGINT NOT NULL,
    failed      BIGINT NOT NULL,
    faults      TEXT NOT NULL,
    other_days  BIGINT NOT NULL,
    total_rows  BIGINT NOT NULL,
    rows_digest BYTEA NOT NULL,
    actor       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    closed_at   BIGINT NOT NULL,
    closed_by   TEXT NOT NULL,
    close_note  TEXT NOT NULL
);
-- A day is closed once.
CREATE UNIQUE INDEX reconciliations_closed ON reconciliations (merchant, account, day) WHERE closed_at > 0;
CREATE INDEX reconciliations_merchant ON reconciliations (merchant, created_at, id);

CREATE TABLE reconciliation_rows (
    id              KEYTEXT NOT NULL PRIMARY KEY,
    run             KEYTEXT NOT NULL,
    merchant        KEYTEXT NOT NULL,
    account         KEYTEXT NOT NULL,
    day             TEXT NOT NULL,
    day_at          BIGINT NOT NULL,
    number          BIGINT NOT NULL,
    class           KEYTEXT NOT NULL,
    currency        TEXT NOT NULL,
    payment         KEYTEXT NOT NULL,
    refund          KEYTEXT NOT NULL,
    our_kind        TEXT NOT NULL,
    our_status      TEXT NOT NULL,
    our_order       TEXT NOT NULL,
    our_bank_order  TEXT NOT NULL,
    our_rrn         TEXT NOT NULL,
    our_auth_code   TEXT NOT NULL,
    our_currency    TEXT NOT NULL,
    our_amount      BIGINT NOT NULL,
    our_at          BIGINT NOT NULL,
    bank_row        BIGINT NOT NULL,
    bank_kind       TEXT NOT NULL,
    bank_state      TEXT NOT NULL,
    bank_rrn        TEXT NOT NULL,
    bank_order      TEXT NOT NULL,
    bank_auth_code  TEXT NOT NULL,
    bank_currency   TEXT NOT NULL,
    bank_amount     BIGINT NOT NULL,
    bank_commission BIGINT,
    bank_net        BIGINT,
    bank_at         BIGINT NOT NULL,
    bank_timed      BIGINT NOT NULL,
    value_date      TEXT NOT NULL,
    card            TEXT NOT NULL,
    resolution      TEXT NOT NULL,
    manual          KEYTEXT NOT NULL,
    note            TEXT NOT NULL,
    resolved_by     TEXT NOT NULL,
    resolved_at     BIGINT NOT NULL
);
CREATE UNIQUE INDEX reconciliation_rows_run ON reconciliation_rows (run, number);
CREATE INDEX reconciliation_rows_day ON reconciliation_rows (merchant, day_at, id);

-- Money that a bank has and the ledger has no payment of, written down by hand.
CREATE TABLE manual_entries (
    id         KEYTEXT NOT NULL PRIMARY KEY,
    merchant   KEYTEXT NOT NULL,
    account    KEYTEXT NOT NULL,
    day        KEYTEXT NOT NULL,
    run        KEYTEXT NOT NULL,
    run_row    BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    currency   TEXT NOT NULL,
    amount     BIGINT NOT NULL CHECK (amount >= 0),
    rrn        TEXT NOT NULL,
    order_no   TEXT NOT NULL,
    auth_code  TEXT NOT NULL,
    at         BIGINT NOT NULL,
    note       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX manual_entries_day ON manual_entries (merchant, account, day);
CREATE INDEX manual_entries_at ON manual_entries (merchant, at, id);

-- How an account's bank heads the columns of its list.
CREATE TABLE bank_columns (
    account  KEYTEXT NOT NULL PRIMARY KEY,
    merchant KEYTEXT NOT NULL,
    columns  TEXT NOT NULL
);
