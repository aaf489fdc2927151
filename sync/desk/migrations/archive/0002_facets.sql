-- By what a search can be narrowed: for each value of a facet, the records of a shard (4,096 numbers, as the words) that have
-- it, a bit for each. Made from the documents of this compartment alone; it can be thrown away and is made again.

CREATE TABLE facet (
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    shard INTEGER NOT NULL,
    bits  BLOB NOT NULL,
    PRIMARY KEY (name, value, shard)
) STRICT, WITHOUT ROWID;
