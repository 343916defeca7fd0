/**
 * Every kind of server that a test run can start. RabbitMQ comes here with its engine.
 */
import type { Kind, KindName } from './kind.ts'
import { mysql } from './mysql.ts'
import { pgbouncer } from './pgbouncer.ts'
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'

export const KINDS: Readonly<Record<KindName, Kind>> = { postgres, mysql, redis, pgbouncer }
