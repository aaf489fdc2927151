-- What the return boxes of each office hold together: to ask every box would cost the more, the more there are.
CREATE INDEX returns_by_time ON svidok.returns (put);

CREATE TABLE svidok.box_totals (
    office bytea PRIMARY KEY REFERENCES svidok.offices (root),
    boxes bigint NOT NULL,
    bytes bigint NOT NULL
);
INSERT INTO svidok.box_totals (office, boxes, bytes)
    SELECT office, count(*), sum(octet_length(data)) FROM svidok.returns GROUP BY office;

CREATE FUNCTION svidok.count_boxes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        UPDATE svidok.box_totals SET boxes = boxes - 1, bytes = bytes - octet_length(old.data)
            WHERE office = old.office;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO svidok.box_totals AS t (office, boxes, bytes) VALUES (new.office, 1, octet_length(new.data))
            ON CONFLICT (office) DO UPDATE SET boxes = t.boxes + 1, bytes = t.bytes + excluded.bytes;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_boxes AFTER INSERT OR UPDATE OR DELETE ON svidok.returns
    FOR EACH ROW EXECUTE FUNCTION svidok.count_boxes();
