BEGIN TRANSACTION;
CREATE TABLE campaign_requests (
	campaign_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	asked_id VARCHAR NOT NULL, 
	request_id VARCHAR NOT NULL, 
	PRIMARY KEY (campaign_id, number), 
	UNIQUE (campaign_id, asked_id), 
	UNIQUE (campaign_id, request_id), 
	FOREIGN KEY(campaign_id) REFERENCES campaigns (id), 
	FOREIGN KEY(request_id) REFERENCES requests (id)
);
INSERT INTO "campaign_requests" VALUES(1,0,'4dfb1c791c41f6749631','4dfb1c791c41f6749631');
INSERT INTO "campaign_requests" VALUES(1,1,'2e8ed8a8bc790adb0215','2e8ed8a8bc790adb0215');
CREATE TABLE campaign_rows (
	campaign_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	request_id VARCHAR NOT NULL, 
	reused INTEGER NOT NULL, 
	created_at VARCHAR NOT NULL, 
	PRIMARY KEY (campaign_id, number), 
	UNIQUE (campaign_id, request_id), 
	FOREIGN KEY(campaign_id) REFERENCES campaigns (id), 
	FOREIGN KEY(request_id) REFERENCES requests (id)
);
INSERT INTO "campaign_rows" VALUES(1,0,'4dfb1c791c41f6749631',0,'2026-11-27T02:06:15.350+00:00');
CREATE TABLE campaigns (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	config TEXT NOT NULL, 
	seed INTEGER NOT NULL, 
	phase VARCHAR NOT NULL, 
	created_at VARCHAR NOT NULL, 
	updated_at VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
INSERT INTO "campaigns" VALUES(1,'demo','{"name":"demo"}',4611686018427387904,'seed','2026-11-27T02:06:15.302+00:00','2026-11-27T02:06:15.302+00:00');
CREATE TABLE candidates (
	"key" VARCHAR NOT NULL, 
	architecture_key VARCHAR NOT NULL, 
	payload TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "candidates" VALUES('d3f52c7c73d04dcaca0f','99426d16e8d65903a9ff','{"architecture":{"layers":[{"feed_forward":[16],"heads":["l_dft"],"hidden":8}]}}');
INSERT INTO "candidates" VALUES('433299f0967fc7d924b8','10058c44018273176eea','{"architecture":{"layers":[{"feed_forward":[32],"heads":["l_dft"],"hidden":8}]}}');
CREATE TABLE devices (
	id INTEGER NOT NULL, 
	identity VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	facts TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	recorded_at VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "devices" VALUES(1,'device-1','local','{"cores":2}','{}','2026-11-27T02:06:15.389+00:00');
CREATE TABLE evaluations (
	request_id VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	payload TEXT NOT NULL, 
	created_at VARCHAR NOT NULL, 
	PRIMARY KEY (request_id), 
	FOREIGN KEY(request_id) REFERENCES requests (id)
);
CREATE TABLE measurements (
	request_id VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	payload TEXT NOT NULL, 
	created_at VARCHAR NOT NULL, 
	PRIMARY KEY (request_id), 
	FOREIGN KEY(request_id) REFERENCES requests (id)
);
INSERT INTO "measurements" VALUES('4dfb1c791c41f6749631','ok','{"blocks":{},"details":{},"device_identity":"device-1","flags":[],"reason":"","request_id":"4dfb1c791c41f6749631","started_at":"2026-11-22T00:00:00+00:00","status":"ok","values":{"latency_s":{"provenance":"measured-counter","stderr":0.01,"value":0.1}}}','2026-11-27T02:06:15.349+00:00');
CREATE TABLE requests (
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL CHECK (kind IN ('profile', 'training')), 
	subject VARCHAR NOT NULL, 
	repeat INTEGER NOT NULL, 
	candidate_key VARCHAR NOT NULL, 
	device_identity VARCHAR, 
	payload TEXT NOT NULL, 
	created_at VARCHAR NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (kind, subject, repeat), 
	FOREIGN KEY(candidate_key) REFERENCES candidates ("key")
);
INSERT INTO "requests" VALUES('4dfb1c791c41f6749631','profile','4dfb1c791c41f6749631',0,'d3f52c7c73d04dcaca0f','device-1','{"candidate":{"architecture":{"layers":[{"feed_forward":[16],"heads":["l_dft"],"hidden":8}]}},"device_identity":"device-1","input_spec":{"channels":3,"classes":7,"kind":"windows","length":150,"patch":5},"repeat":0,"workload":{}}','2026-11-27T02:06:15.318+00:00');
INSERT INTO "requests" VALUES('2e8ed8a8bc790adb0215','profile','2e8ed8a8bc790adb0215',0,'433299f0967fc7d924b8','device-1','{"candidate":{"architecture":{"layers":[{"feed_forward":[32],"heads":["l_dft"],"hidden":8}]}},"device_identity":"device-1","input_spec":{"channels":3,"classes":7,"kind":"windows","length":150,"patch":5},"repeat":0,"workload":{}}','2026-11-27T02:06:15.373+00:00');
CREATE TABLE schema_versions (
	version INTEGER NOT NULL, 
	applied_at VARCHAR NOT NULL, 
	PRIMARY KEY (version)
);
INSERT INTO "schema_versions" VALUES(1,'2026-11-27T02:06:15+00:00');
CREATE TABLE steps (
	campaign_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	phase VARCHAR NOT NULL, 
	proposals TEXT NOT NULL, 
	seen INTEGER NOT NULL, 
	info TEXT NOT NULL, 
	created_at VARCHAR NOT NULL, 
	PRIMARY KEY (campaign_id, number), 
	FOREIGN KEY(campaign_id) REFERENCES campaigns (id)
);
INSERT INTO "steps" VALUES(1,0,'seed','[{"architecture":{"layers":[{"feed_forward":[32],"heads":["l_dft"],"hidden":8}]}}]',0,'{}','2026-11-27T02:06:15.404+00:00');
CREATE INDEX ix_candidates_architecture_key ON candidates (architecture_key);
CREATE INDEX ix_devices_identity ON devices (identity, id);
CREATE INDEX ix_requests_candidate_key ON requests (candidate_key);
COMMIT;
