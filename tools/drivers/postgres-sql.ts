/** Everything that is ever asked of a PostgreSQL server: fixed text, without parameters from outside. */

/** Whether this role may see what others do: for any other, sessions that wait and replicas that lag are simply not there. */
export const MAY_SEE = `select pg_catalog.pg_has_role('pg_read_all_stats', 'usage') as others`;

/** Settings that explain trouble; none of them holds a secret. */
const SETTINGS = [
  'max_connections',
  'superuser_reserved_connections',
  'lock_timeout',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'deadlock_timeout',
  'max_wal_size',
  'checkpoint_timeout',
  'shared_buffers',
  'work_mem',
  'autovacuum',
  'hot_standby_feedback',
  'synchronous_commit',
  'max_slot_wal_keep_size',
  'server_version_num',
];

export const SESSIONS = `
select pid, usename::text as user_name, application_name as app, state, wait_event_type as wait_type, wait_event,
  extract(epoch from clock_timestamp() - xact_start)::float8 as open_s,
  extract(epoch from clock_timestamp() - query_start)::float8 as query_s,
  extract(epoch from clock_timestamp() - state_change)::float8 as state_s,
  left(query, 2000) as text
from pg_catalog.pg_stat_activity
where backend_type = 'client backend' and pid <> pg_catalog.pg_backend_pid()
limit 2000`;

export const SETTINGS_THAT_MATTER = `
select name, setting || coalesce(' ' || unit, '') as value from pg_catalog.pg_settings
where name in (${SETTINGS.map((name) => `'${name}'`).join(', ')}) order by name`;

/** From version 17 on, and before. */
export const CHECKPOINTS = `
select num_timed::float8 as timed, num_requested::float8 as requested,
  extract(epoch from clock_timestamp() - stats_reset)::float8 as since_s from pg_catalog.pg_stat_checkpointer`;
export const CHECKPOINTS_16 = `
select checkpoints_timed::float8 as timed, checkpoints_req::float8 as requested,
  extract(epoch from clock_timestamp() - stats_reset)::float8 as since_s from pg_catalog.pg_stat_bgwriter`;

/** Sessions that wait for a lock, and the sessions that each waits for. */
export const WAITERS = `
select pid, pg_catalog.pg_blocking_pids(pid) as blocked_by,
  extract(epoch from clock_timestamp() - query_start)::float8 as waits_s,
  (select relation::regclass::text from pg_catalog.pg_locks as held
    where held.pid = activity.pid and relation is not null and (not granted or locktype = 'tuple')
    order by granted limit 1) as relation
from pg_catalog.pg_stat_activity as activity
where wait_event_type = 'Lock' and backend_type = 'client backend'
limit 500`;

export const ROLE = `
select pg_catalog.pg_is_in_recovery() as standby,
  case when not pg_catalog.pg_is_in_recovery() then null
    when pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn() then 0
    else extract(epoch from clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) end::float8 as lag_s`;

const CURRENT = `case when pg_catalog.pg_is_in_recovery() then pg_catalog.pg_last_wal_replay_lsn()
  else pg_catalog.pg_current_wal_lsn() end`;
export const REPLICAS = `
select coalesce(nullif(application_name, ''), 'replica') as name, state,
  pg_catalog.pg_wal_lsn_diff(${CURRENT}, replay_lsn)::float8 as lag_bytes,
  extract(epoch from replay_lag)::float8 as lag_s
from pg_catalog.pg_stat_replication limit 30`;
export const SLOTS = `
select slot_name::text as name, active,
  pg_catalog.pg_wal_lsn_diff(${CURRENT}, restart_lsn)::float8 as held_bytes
from pg_catalog.pg_replication_slots limit 30`;

export const DATABASES = `
select datname::text as name, pg_catalog.pg_database_size(oid)::float8 as bytes from pg_catalog.pg_database
where datallowconn and pg_catalog.has_database_privilege(oid, 'connect') order by 2 desc limit 30`;
export const TABLES = `
select relation.oid::regclass::text as name, pg_catalog.pg_total_relation_size(relation.oid)::float8 as bytes
from pg_catalog.pg_class as relation where relkind in ('r', 'm')
  and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) order by 2 desc limit 20`;
/** Asking for it without the right to is an error of the whole look. */
export const MAY_SEE_WAL = `select pg_catalog.has_function_privilege('pg_catalog.pg_ls_waldir()', 'execute') as wal`;
export const WAL_SIZE = 'select sum(size)::float8 as bytes from pg_catalog.pg_ls_waldir()';
