-- What links are found by, apart from all else of them: whoever looks for a text among a merchant's links reads this
-- and not the wide rows of links, newest or oldest first. The database keeps it by itself, so that the program before
-- this one may go on making links while an upgrade rolls.
CREATE TABLE link_texts (
    merchant   KEYTEXT NOT NULL,
    created_at BIGINT NOT NULL,
    link       KEYTEXT NOT NULL,
    search     TEXT NOT NULL,
    PRIMARY KEY (merchant, created_at, link)
--: sqlite
) WITHOUT ROWID;
CREATE TRIGGER links_text_made AFTER INSERT ON links BEGIN
    INSERT INTO link_texts (merchant, created_at, link, search) VALUES (NEW.merchant, NEW.created_at, NEW.id, NEW.search);
END;
CREATE TRIGGER links_text_changed AFTER UPDATE OF search ON links WHEN NEW.search <> OLD.search BEGIN
    UPDATE link_texts SET search = NEW.search WHERE merchant = NEW.merchant AND created_at = NEW.created_at AND link = NEW.id;
END;
--: postgres
);
CREATE FUNCTION odelink_link_text() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO link_texts (merchant, created_at, link, search) VALUES (NEW.merchant, NEW.created_at, NEW.id, NEW.search);
    ELSE
        UPDATE link_texts SET search = NEW.search WHERE merchant = NEW.merchant AND created_at = NEW.created_at AND link = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER links_text_made AFTER INSERT ON links FOR EACH ROW EXECUTE FUNCTION odelink_link_text();
CREATE TRIGGER links_text_changed AFTER UPDATE OF search ON links FOR EACH ROW WHEN (NEW.search <> OLD.search) EXECUTE FUNCTION odelink_link_text();
--: both
INSERT INTO link_texts (merchant, created_at, link, search) SELECT merchant, created_at, id, search FROM links;
