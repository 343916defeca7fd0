// Migration 1: everything of the first schema. Append-only: what is written here is never edited after a release.
// `@name` stands for a table of the namespace's schema. Times are engine time in ms. A task is one row, in `tasks`
// while it waits or runs and in `finished` afterwards; both have the same columns.

const TASK = `
  id text COLLATE "C" PRIMARY KEY, digest text COLLATE "C" NOT NULL,
  queue text COLLATE "C" NOT NULL, type text COLLATE "C" NOT NULL, created_at bigint NOT NULL,
  grp text COLLATE "C", parent_id text COLLATE "C", policy int, policy_text text, origin text, root_id text, extra text,
  unique_key text COLLATE "C", unique_until bigint, timeout bigint,
  state smallint NOT NULL, rank smallint NOT NULL, place bigint, back smallint NOT NULL DEFAULT 0,
  run_at bigint NOT NULL, expires_at bigint, attempt int NOT NULL DEFAULT 0, claim text COLLATE "C", session int,
  started_at bigint, deadline_at bigint, cancel_at bigint, counters text, outcome smallint, reason text, settled text,
  result text, error text, progress text, finished_at bigint, kept bigint, payload text NOT NULL`

export const START = `
CREATE TABLE @store (key text PRIMARY KEY, value text NOT NULL);

-- state: 0 scheduled, 1 ready, 2 running, 3 succeeded, 4 dead, 5 cancelled. rank: minus the priority.
-- The table churns: vacuum comes after a fixed number of dead rows, however large a backlog is.
CREATE TABLE @tasks (${TASK}
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
  autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 50000, autovacuum_vacuum_cost_delay = 1);
-- Each index covers one purpose and only the rows of it. That a task is ready must not tell the planner that it is in
-- any index but the first: an empty one looks cheapest to read from end to end, and what was planned then is kept.
CREATE INDEX tasks_ready ON @tasks (queue, rank, place) WHERE state = 1;
CREATE INDEX tasks_back ON @tasks (queue, rank, place) WHERE back = 1;
CREATE INDEX tasks_due ON @tasks (queue, run_at, id) WHERE state = 0;
CREATE INDEX tasks_running ON @tasks (session, claim) WHERE state = 2;
CREATE INDEX tasks_expiring ON @tasks (expires_at) WHERE state < 2 AND expires_at IS NOT NULL;
CREATE INDEX tasks_created ON @tasks (created_at) WHERE state - 0 < 2;
CREATE INDEX tasks_grp ON @tasks (grp, created_at) WHERE grp IS NOT NULL;
CREATE INDEX tasks_parent ON @tasks (parent_id, created_at) WHERE parent_id IS NOT NULL;

CREATE TABLE @finished (${TASK}
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_vacuum_cost_delay = 1);
CREATE INDEX finished_list ON @finished (state, queue, type, created_at);
CREATE INDEX finished_kept ON @finished (kept, finished_at);
CREATE INDEX finished_grp ON @finished (grp, created_at) WHERE grp IS NOT NULL;
CREATE INDEX finished_parent ON @finished (parent_id, created_at) WHERE parent_id IS NOT NULL;

-- One number stands for 1,024 places: a call draws once, and its items count from there.
CREATE SEQUENCE @places;

-- Every lane and kind that ever had a task, so that nobody has to look for them in an index of tasks.
CREATE TABLE @lanes (queue text COLLATE "C", rank smallint, PRIMARY KEY (queue, rank));
CREATE TABLE @kinds (queue text COLLATE "C", type text COLLATE "C", PRIMARY KEY (queue, type));
CREATE TABLE @paused (queue text COLLATE "C" PRIMARY KEY);

-- What tasks of one type share (retry, crash, keep, timeout, codec, version), written once.
CREATE TABLE @policies (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL UNIQUE);
-- Sessions by a short number; outlives the session, so that a finished task still names who ran it.
CREATE TABLE @workers (n int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL, started_at bigint NOT NULL);

CREATE TABLE @unique_keys (key text COLLATE "C" PRIMARY KEY, task text COLLATE "C" NOT NULL, until bigint);
CREATE TABLE @tombstones (id text COLLATE "C" PRIMARY KEY, digest text COLLATE "C" NOT NULL, until bigint NOT NULL);
CREATE INDEX tombstones_until ON @tombstones (until);

-- Attempts that are not told by the task's own row.
CREATE TABLE @attempts (
  task text COLLATE "C", attempt int, session int, started_at bigint NOT NULL, ended_at bigint NOT NULL,
  outcome smallint NOT NULL, reason text, error text, warnings text, PRIMARY KEY (task, attempt)
);
CREATE TABLE @logs (
  task text COLLATE "C", n int, at bigint NOT NULL, level text NOT NULL, message text NOT NULL, PRIMARY KEY (task, n)
);

CREATE TABLE @sessions (
  n int PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE, name text NOT NULL, queues text, types text NOT NULL,
  concurrency int NOT NULL, lease bigint NOT NULL, host text COLLATE "C" NOT NULL, boot_id text NOT NULL,
  pid_space text NOT NULL, pid bigint NOT NULL, start_time text NOT NULL, live smallint NOT NULL, cause text,
  culprits text, draining smallint NOT NULL DEFAULT 0, beat bigint NOT NULL DEFAULT 0, started_at bigint NOT NULL,
  seen_at bigint NOT NULL, expires_at bigint NOT NULL, ended_at bigint
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- Changes of one unit as it committed, without cursors yet; and with them, in the order in which they became visible.
CREATE TABLE @fresh_changes (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at bigint NOT NULL,
  count int NOT NULL, items text NOT NULL) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
CREATE TABLE @changes (first bigint PRIMARY KEY, count int NOT NULL, at bigint NOT NULL, items text NOT NULL);
-- A list of ids is hardly worth compressing, and whoever claims or settles would wait for it.
ALTER TABLE @fresh_changes ALTER items SET STORAGE EXTERNAL;
ALTER TABLE @changes ALTER items SET STORAGE EXTERNAL;

CREATE TABLE @documents (
  kind text COLLATE "C", key text COLLATE "C", version int NOT NULL, body text NOT NULL, updated_at bigint NOT NULL,
  PRIMARY KEY (kind, key)
);
CREATE TABLE @schedules (
  name text COLLATE "C" PRIMARY KEY, version int NOT NULL, body text NOT NULL, paused smallint NOT NULL,
  due_at bigint, last_fired_at bigint, updated_at bigint NOT NULL
);
CREATE INDEX schedules_due ON @schedules (due_at, name) WHERE paused = 0 AND due_at IS NOT NULL;

CREATE TABLE @journal (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL,
  at bigint NOT NULL, body text NOT NULL
);
CREATE INDEX journal_stream ON @journal (stream, n);
CREATE INDEX journal_key ON @journal (stream, key, n);
CREATE INDEX journal_at ON @journal (stream, at);

CREATE TABLE @turns (name text PRIMARY KEY, at bigint NOT NULL) WITH (fillfactor = 50);
`
