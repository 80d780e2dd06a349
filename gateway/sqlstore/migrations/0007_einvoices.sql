-- E-invoices that carry links: written in the transaction that makes the link, whose audit trail vouches for
-- them, and never changed.
CREATE TABLE einvoices (
    id            KEYTEXT NOT NULL PRIMARY KEY,
    merchant      KEYTEXT NOT NULL,
    link          KEYTEXT NOT NULL UNIQUE,
    uuid          KEYTEXT NOT NULL,
    number        TEXT NOT NULL,
    currency      TEXT NOT NULL,
    amount        BIGINT NOT NULL CHECK (amount > 0),
    issued_on     TEXT NOT NULL,
    due_on        TEXT NOT NULL,
    profile       TEXT NOT NULL,
    type          TEXT NOT NULL,
    supplier_tax  TEXT NOT NULL,
    supplier_name TEXT NOT NULL,
    customer_tax  TEXT NOT NULL,
    customer_name TEXT NOT NULL,
    digest        BYTEA NOT NULL,
    created_at    BIGINT NOT NULL,
    search        TEXT NOT NULL
);
-- An invoice has one link for ever, however often it is sent.
CREATE UNIQUE INDEX einvoices_uuid ON einvoices (merchant, uuid);
CREATE INDEX einvoices_merchant ON einvoices (merchant, created_at, id);

-- Apart from the invoices, so that a list never moves them; packed by gzip.
CREATE TABLE einvoice_documents (
    einvoice KEYTEXT NOT NULL PRIMARY KEY,
    data     BYTEA NOT NULL
);

CREATE TABLE einvoice_registrations (
    id           KEYTEXT NOT NULL PRIMARY KEY,
    merchant     KEYTEXT NOT NULL,
    intermediary TEXT NOT NULL,
    customer_id  TEXT NOT NULL,
    tax_number   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL
);
-- One at a time with each intermediary.
CREATE UNIQUE INDEX einvoice_registrations_active ON einvoice_registrations (merchant, intermediary) WHERE ended_at = 0;
CREATE INDEX einvoice_registrations_merchant ON einvoice_registrations (merchant, created_at);
