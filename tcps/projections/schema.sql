-- The index: ids, the columns that lists filter by, and where each ledger line is. Disposable.
CREATE TABLE position (seq INT, segment INT, "offset" INT, line_offset INT, leaf BLOB, frontier BLOB, boot TEXT, store TEXT);
CREATE TABLE entry (seq INTEGER PRIMARY KEY, segment INT, "offset" INT, length INT);
CREATE TABLE change (kind TEXT, id TEXT, seq INT, PRIMARY KEY (kind, id, seq)) WITHOUT ROWID;
CREATE TABLE record (kind TEXT, id TEXT, revision INT, sha256 TEXT, seq INT, path TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE counter (kind TEXT PRIMARY KEY, n INT) WITHOUT ROWID;
CREATE TABLE idempotency ("key" TEXT PRIMARY KEY, seq INT) WITHOUT ROWID;

CREATE TABLE work_order (id TEXT PRIMARY KEY, n INT, bucket TEXT, status TEXT, priority INT, queue_key TEXT,
                         created INT, deadline INT, completed INT, sla_andon TEXT) WITHOUT ROWID;
CREATE INDEX work_order_status ON work_order (status, n);
CREATE INDEX work_order_queue ON work_order (bucket, status, queue_key, priority);
CREATE INDEX work_order_urgency ON work_order (bucket, status, priority, queue_key);
CREATE INDEX work_order_number ON work_order (n);
CREATE INDEX work_order_completed ON work_order (completed) WHERE completed IS NOT NULL;
-- Every start of an order, and whether the order has been in progress ever since.
CREATE TABLE start (seq INT, place INT, id TEXT, bucket TEXT, run INT, ended INT, PRIMARY KEY (seq, place)) WITHOUT ROWID;
CREATE INDEX start_running ON start (id) WHERE ended IS NULL;
CREATE TABLE label (label TEXT, id TEXT, PRIMARY KEY (label, id)) WITHOUT ROWID;
CREATE INDEX label_id ON label (id);
CREATE TABLE dependency (id TEXT, on_id TEXT, PRIMARY KEY (id, on_id)) WITHOUT ROWID;
CREATE INDEX dependency_on ON dependency (on_id);
CREATE TABLE source_key ("key" TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID;
CREATE INDEX source_key_id ON source_key (id);

CREATE TABLE sku (id TEXT PRIMARY KEY, folded TEXT UNIQUE, created INT, work_order_id TEXT, status TEXT, stage INT,
                  ended INT) WITHOUT ROWID;
CREATE INDEX sku_work_order ON sku (work_order_id);
CREATE INDEX sku_status ON sku (status, stage);
CREATE INDEX sku_ended ON sku (ended) WHERE ended IS NOT NULL;
CREATE TABLE receipt (id TEXT PRIMARY KEY, n INT, sku_id TEXT, work_order_id TEXT, sequence INT, stage INT, status TEXT,
                      time INT, duration INT, tested INT, by_hand INT) WITHOUT ROWID;
CREATE INDEX receipt_number ON receipt (n);
CREATE INDEX receipt_sku ON receipt (sku_id, stage, sequence);
CREATE INDEX receipt_stage ON receipt (stage, status, n);
CREATE INDEX receipt_work_order ON receipt (work_order_id, n);
CREATE INDEX receipt_time ON receipt (time, stage, status, duration);
CREATE INDEX receipt_failed ON receipt (sku_id) WHERE status='fail';
CREATE INDEX receipt_tested ON receipt (time) WHERE tested;
CREATE INDEX receipt_by_hand ON receipt (time) WHERE by_hand;
CREATE TABLE andon_event (id TEXT PRIMARY KEY, n INT, sku_id TEXT, work_order_id TEXT, stage INT, failure_type TEXT,
                          severity TEXT, status TEXT, created INT, level INT, resolved INT) WITHOUT ROWID;
CREATE INDEX andon_sku ON andon_event (sku_id, status, stage);
CREATE INDEX andon_status ON andon_event (status, severity, n);
CREATE INDEX andon_work_order ON andon_event (work_order_id);
CREATE INDEX andon_created ON andon_event (created);
CREATE INDEX andon_resolved ON andon_event (resolved);
CREATE TABLE analysis (id TEXT PRIMARY KEY, n INT, andon_id TEXT, status TEXT) WITHOUT ROWID;
CREATE INDEX analysis_andon ON analysis (andon_id, n);
CREATE TABLE improvement (id TEXT PRIMARY KEY, n INT, status TEXT, waste_type TEXT) WITHOUT ROWID;
CREATE INDEX improvement_status ON improvement (status, n);
CREATE TABLE tpm_run (id TEXT PRIMARY KEY, n INT, reach INT, status TEXT) WITHOUT ROWID;
CREATE INDEX tpm_run_number ON tpm_run (n);
