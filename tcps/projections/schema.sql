-- The index: ids, the columns that lists filter by, and where each ledger line is. Disposable.
-- Here are the tables, and what folding the ledger itself looks up by. The rest is in lookups.sql.
CREATE TABLE position (seq INT, segment INT, "offset" INT, line_offset INT, leaf BLOB, frontier BLOB, boot TEXT, store TEXT);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, segment INT, "offset" INT, length INT);
CREATE TABLE change (kind TEXT, id TEXT, seq INT, PRIMARY KEY (kind, id, seq)) WITHOUT ROWID;
CREATE TABLE record (kind TEXT, id TEXT, revision INT, sha256 TEXT, seq INT, path TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE counter (kind TEXT PRIMARY KEY, n INT) WITHOUT ROWID;
CREATE TABLE idempotency ("key" TEXT PRIMARY KEY, seq INT) WITHOUT ROWID;

CREATE TABLE work_order (id TEXT PRIMARY KEY, n INT, bucket TEXT, status TEXT, priority INT, queue_key TEXT,
                         created INT, deadline INT, completed INT, sla_andon TEXT) WITHOUT ROWID;
-- Every start of an order, and whether the order has been in progress ever since.
CREATE TABLE start (seq INT, place INT, id TEXT, bucket TEXT, run INT, ended INT, PRIMARY KEY (seq, place)) WITHOUT ROWID;
CREATE INDEX start_running ON start (id) WHERE ended IS NULL;
CREATE TABLE label (label TEXT, id TEXT, PRIMARY KEY (label, id)) WITHOUT ROWID;
CREATE INDEX label_id ON label (id);
CREATE TABLE dependency (id TEXT, on_id TEXT, PRIMARY KEY (id, on_id)) WITHOUT ROWID;
CREATE TABLE source_key ("key" TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID;
CREATE INDEX source_key_id ON source_key (id);

CREATE TABLE sku (id TEXT PRIMARY KEY, folded TEXT UNIQUE, created INT, work_order_id TEXT, status TEXT, stage INT,
                  ended INT) WITHOUT ROWID;
CREATE TABLE receipt (id TEXT PRIMARY KEY, n INT, sku_id TEXT, work_order_id TEXT, sequence INT, stage INT, status TEXT,
                      time INT, duration INT, tested INT, by_hand INT) WITHOUT ROWID;
CREATE TABLE andon_event (id TEXT PRIMARY KEY, n INT, sku_id TEXT, work_order_id TEXT, stage INT, failure_type TEXT,
                          severity TEXT, status TEXT, created INT, level INT, resolved INT, occurrences INT) WITHOUT ROWID;
CREATE TABLE analysis (id TEXT PRIMARY KEY, n INT, andon_id TEXT, status TEXT) WITHOUT ROWID;
CREATE TABLE improvement (id TEXT PRIMARY KEY, n INT, status TEXT, waste_type TEXT) WITHOUT ROWID;
CREATE TABLE tpm_run (id TEXT PRIMARY KEY, n INT, reach INT, status TEXT) WITHOUT ROWID;
