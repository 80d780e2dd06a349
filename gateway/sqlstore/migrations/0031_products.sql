-- What merchants sell again and again, and the lines of links that sell it. Lines are JSON, '' = none: a row without
-- them is bound into the audit trail as it always was.
CREATE TABLE products (
    id          KEYTEXT NOT NULL PRIMARY KEY,
    merchant    KEYTEXT NOT NULL,
    code        KEYTEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    currency    TEXT NOT NULL,
    price       BIGINT NOT NULL,
    category    TEXT NOT NULL,
    active      BIGINT NOT NULL,
    version     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    deleted_at  BIGINT NOT NULL,
    search      TEXT NOT NULL
);
CREATE UNIQUE INDEX products_code ON products (merchant, code) WHERE code <> '' AND deleted_at = 0;
CREATE INDEX products_merchant ON products (merchant, created_at, id) WHERE deleted_at = 0;
ALTER TABLE links ADD COLUMN items TEXT NOT NULL DEFAULT '';
-- Collected payments that say what was bought, for the report of products: one that says nothing writes nothing here.
CREATE INDEX payments_sold ON payments (merchant, paid_at, id) WHERE paid_at > 0 AND answers <> '';
