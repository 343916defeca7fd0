// Migration 1: everything of the first schema. Append-only: what is written here is never edited after a release.
// `@name` stands for a table of the namespace. Times are engine time in ms. Each statement may be repeated: this server
// commits at every one of them. Keys are bytes, so that only equal ones are equal; a task is one row, in `tasks` while
// it waits or runs and in `finished` afterwards.

const KEY = 'VARBINARY(255)'

// Every column has a value of its own accord, so that rows can be patched by naming what changes.
const TASK = `
  id ${KEY} NOT NULL PRIMARY KEY, digest VARBINARY(64) NOT NULL DEFAULT '',
  queue ${KEY} NOT NULL DEFAULT '', type ${KEY} NOT NULL DEFAULT '', created_at BIGINT NOT NULL DEFAULT 0,
  grp ${KEY}, parent_id ${KEY}, policy INT, policy_text LONGTEXT, origin TEXT, root_id ${KEY}, extra LONGTEXT,
  unique_key ${KEY}, unique_until BIGINT, timeout BIGINT,
  state TINYINT NOT NULL DEFAULT 0, \`rank\` SMALLINT NOT NULL DEFAULT 0, place BIGINT, back TINYINT NOT NULL DEFAULT 0,
  run_at BIGINT NOT NULL DEFAULT 0, expires_at BIGINT, attempt INT NOT NULL DEFAULT 0, claim ${KEY}, session INT,
  started_at BIGINT, deadline_at BIGINT, cancel_at BIGINT, counters VARCHAR(200), outcome TINYINT, reason VARCHAR(100),
  settled TEXT, result LONGTEXT, error LONGTEXT, progress LONGTEXT, finished_at BIGINT, kept BIGINT`

const KIND = 'ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

/** The statements of the first schema, in order. */
export const START: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS @store (\`key\` VARCHAR(64) PRIMARY KEY, value VARCHAR(255) NOT NULL) ${KIND}`,

  // state: 0 scheduled, 1 ready, 2 running, 3 succeeded, 4 dead, 5 cancelled. rank: minus the priority.
  // line and slot are where a waiting task stands in its queue: ready ones by place (line is twice the rank, less one
  // for those that were released, which come first), scheduled ones by due time.
  `CREATE TABLE IF NOT EXISTS @tasks (${TASK}, line SMALLINT NOT NULL DEFAULT 0, slot BIGINT NOT NULL DEFAULT 0,
    payload LONGTEXT,
    KEY turn (state, queue, line, slot), KEY running (state, session, claim), KEY created (created_at)) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @finished (${TASK}, payload LONGTEXT,
    KEY list (state, queue, type, created_at), KEY kept (kept, finished_at)) ${KIND}`,

  // What few tasks have is beside them: an index over all tasks would cost all of them.
  `CREATE TABLE IF NOT EXISTS @relatives (kind TINYINT NOT NULL, name ${KEY} NOT NULL, created_at BIGINT NOT NULL,
    id ${KEY} NOT NULL, PRIMARY KEY (kind, name, created_at, id)) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @expiring (at BIGINT NOT NULL, id ${KEY} NOT NULL, PRIMARY KEY (at, id)) ${KIND}`,

  // One number stands for 1,024 places: a call draws once, and its items count from there.
  `CREATE TABLE IF NOT EXISTS @places (n BIGINT AUTO_INCREMENT PRIMARY KEY) ${KIND}`,
  // Every kind that ever had a task, so that nobody has to look for them in an index of tasks.
  `CREATE TABLE IF NOT EXISTS @kinds (queue ${KEY} NOT NULL, type ${KEY} NOT NULL, PRIMARY KEY (queue, type)) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @paused (queue ${KEY} NOT NULL PRIMARY KEY) ${KIND}`,

  // What tasks of one type share (retry, crash, keep, timeout, codec, version), written once.
  `CREATE TABLE IF NOT EXISTS @policies (n INT AUTO_INCREMENT PRIMARY KEY, body LONGTEXT NOT NULL,
    digest VARBINARY(64) NOT NULL UNIQUE) ${KIND}`,
  // Sessions by a short number; outlives the session, so that a finished task still names who ran it.
  `CREATE TABLE IF NOT EXISTS @workers (n INT AUTO_INCREMENT PRIMARY KEY, session ${KEY} NOT NULL UNIQUE,
    name TEXT NOT NULL, started_at BIGINT NOT NULL) ${KIND}`,

  // A key without a task is nobody's: somebody looks at it just now, or did and was killed.
  `CREATE TABLE IF NOT EXISTS @holders (\`key\` ${KEY} NOT NULL PRIMARY KEY, task ${KEY} NOT NULL DEFAULT '',
    until BIGINT) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @tombstones (id ${KEY} NOT NULL PRIMARY KEY, digest VARBINARY(64) NOT NULL,
    until BIGINT NOT NULL, KEY until (until)) ${KIND}`,

  // Attempts that are not told by the task's own row.
  `CREATE TABLE IF NOT EXISTS @attempts (task ${KEY} NOT NULL, attempt INT NOT NULL, session INT,
    started_at BIGINT NOT NULL, ended_at BIGINT NOT NULL, outcome TINYINT NOT NULL, reason VARCHAR(100),
    error LONGTEXT, warnings LONGTEXT, PRIMARY KEY (task, attempt)) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @logs (task ${KEY} NOT NULL, n INT NOT NULL, at BIGINT NOT NULL,
    level VARCHAR(10) NOT NULL, message LONGTEXT NOT NULL, PRIMARY KEY (task, n)) ${KIND}`,

  `CREATE TABLE IF NOT EXISTS @sessions (n INT PRIMARY KEY, id ${KEY} NOT NULL UNIQUE, name TEXT NOT NULL,
    queues LONGTEXT, types LONGTEXT NOT NULL, concurrency INT NOT NULL, lease BIGINT NOT NULL, host ${KEY} NOT NULL,
    boot_id TEXT NOT NULL, pid_space TEXT NOT NULL, pid BIGINT NOT NULL, start_time TEXT NOT NULL,
    live TINYINT NOT NULL, cause VARCHAR(20), culprits LONGTEXT, draining TINYINT NOT NULL DEFAULT 0,
    beat BIGINT NOT NULL DEFAULT 0, started_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    ended_at BIGINT) ${KIND}`,

  // Changes of one unit as it committed, without cursors yet, and what kind of news they are; and with them, in the order in which they became visible.
  `CREATE TABLE IF NOT EXISTS @fresh (n BIGINT AUTO_INCREMENT PRIMARY KEY, at BIGINT NOT NULL, count INT NOT NULL,
    items LONGTEXT NOT NULL, news TINYINT NOT NULL) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @changes (first BIGINT PRIMARY KEY, count INT NOT NULL, at BIGINT NOT NULL,
    items LONGTEXT NOT NULL) ${KIND}`,

  `CREATE TABLE IF NOT EXISTS @documents (kind ${KEY} NOT NULL, \`key\` ${KEY} NOT NULL, version INT NOT NULL,
    body LONGTEXT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (kind, \`key\`)) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @schedules (name ${KEY} NOT NULL PRIMARY KEY, version INT NOT NULL,
    body LONGTEXT NOT NULL, paused TINYINT NOT NULL, due_at BIGINT, last_fired_at BIGINT, updated_at BIGINT NOT NULL,
    KEY due (paused, due_at, name)) ${KIND}`,
  `CREATE TABLE IF NOT EXISTS @journal (n BIGINT AUTO_INCREMENT PRIMARY KEY, stream ${KEY} NOT NULL,
    \`key\` ${KEY} NOT NULL, at BIGINT NOT NULL, body LONGTEXT NOT NULL,
    KEY stream (stream, n), KEY stream_key (stream, \`key\`, n), KEY stream_at (stream, at)) ${KIND}`,

  // Turns that one process at a time takes: when the last one was, and a row to wait at.
  `CREATE TABLE IF NOT EXISTS @turns (name VARCHAR(20) PRIMARY KEY, at BIGINT) ${KIND}`,
  "INSERT INTO @turns (name, at) VALUES ('sweep', NULL), ('changes', NULL) ON DUPLICATE KEY UPDATE at = at",
]

/** All tables, by their own part of the name. */
export const TABLES: readonly string[] = [
  ...START.flatMap((text) => /^CREATE TABLE IF NOT EXISTS @(\w+)/.exec(text)?.[1] ?? []),
  'migrations',
]
