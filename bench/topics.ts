// Every figure with its bounds, engine by engine. Those without bounds are told beside the others. How each is measured
// is said where it is made: ratios.ts, claims.ts, snapshot.ts, waits.ts.

import { behindCancels, besideRows } from './claims.ts'
import type { Figure, Topic } from './figures.ts'
import { PEERS } from './peer-list.ts'
import {
  BARE,
  BESIDE,
  enqueuedByBare,
  enqueuedByRivals,
  pickupByRivals,
  processedByBare,
  processedByRivals,
  steadyByRivals,
  type Bounds,
  type Rivals,
} from './ratios.ts'
import { besideTransaction } from './snapshot.ts'
import type { Subject } from './stores.ts'
import { waitsOf } from './waits.ts'

/** 10 at a time is told beside: it is the waiting for commits that is measured there. */
function byConcurrency(make: (concurrency: number, bounds: Bounds) => Figure, bounds: Bounds): Figure[] {
  return [make(10, BESIDE), make(100, bounds), make(500, bounds)]
}

function rows(subject: Subject): Figure[] {
  return [besideRows(subject, 'ready'), besideRows(subject, 'finished')]
}

function bare(subject: Subject): Figure[] {
  return byConcurrency((concurrency, bounds) => processedByBare(subject, concurrency, bounds), BARE)
}

function ofSqlite(subject: Subject): Figure[] {
  const { plainjob } = PEERS
  const rivals = { name: 'plainjob', peers: [plainjob], concurrencies: [1] }
  return [
    ...byConcurrency((concurrency, bounds) => processedByRivals(subject, concurrency, rivals, bounds), {
      target: 6,
      floor: 4,
    }),
    ...bare(subject),
    enqueuedByRivals(subject, 'bulk', 'addMany of plainjob', [plainjob], { target: 0.5, floor: 0.35 }),
    enqueuedByBare(subject, 'bulk', BESIDE),
    enqueuedByBare(subject, 'single', { target: 15, floor: 10 }),
    ...rows(subject),
    ...waitsOf(subject),
  ]
}

function ofPostgres(subject: Subject): Figure[] {
  const { graphileFast, graphile, pgBoss, pgBossFour, bullmqPostgres } = PEERS
  const atSame = (concurrency: number): Rivals => ({
    name: "graphile-worker's fastest preset",
    peers: [graphileFast],
    concurrencies: [concurrency],
  })
  const boss = { name: "pg-boss' best", peers: [pgBoss, pgBossFour], concurrencies: [500] }
  const more = { name: 'pg-boss, 4 loops of 500', peers: [pgBossFour], concurrencies: [2_000] }
  const plain = { name: 'graphile-worker as shipped', peers: [graphile], concurrencies: [10] }
  const bullmq = { name: 'BullMQ on PostgreSQL', peers: [bullmqPostgres], concurrencies: [100] }
  const all = [graphileFast, pgBoss, bullmqPostgres]
  return [
    processedByRivals(subject, 10, atSame(10), BESIDE),
    processedByRivals(subject, 100, atSame(100), BESIDE),
    processedByRivals(subject, 500, atSame(500), { target: 1.2, floor: 0.85 }),
    processedByRivals(subject, 500, boss, { target: 2, floor: 1.5 }),
    processedByRivals(subject, 500, more, BESIDE),
    processedByRivals(subject, 10, plain, BESIDE),
    processedByRivals(subject, 100, bullmq, BESIDE),
    ...bare(subject),
    enqueuedByRivals(subject, 'single', 'best peer', all, { target: 20, floor: 10 }),
    enqueuedByRivals(subject, 'bulk', 'best peer', all, { target: 1.3, floor: 1 }),
    pickupByRivals(subject, 'best peer', all, { target: 0.7, floor: 1 }),
    steadyByRivals(subject, 'best peer', [graphileFast, pgBoss], { target: 0.3, floor: 0.6 }),
    besideTransaction(subject, 'reading'),
    besideTransaction(subject, 'writing'),
    ...rows(subject),
  ]
}

function ofRedis(subject: Subject): Figure[] {
  const { bullmq, rq, celery } = PEERS
  const best = { name: "BullMQ's best", peers: [bullmq], concurrencies: [100, 500] }
  const forking = { name: "RQ's forking worker", peers: [rq], concurrencies: [1] }
  const prefork = { name: 'Celery prefork', peers: [celery], concurrencies: [2] }
  return [
    ...byConcurrency((concurrency, bounds) => processedByRivals(subject, concurrency, best, bounds), {
      target: 4,
      floor: 3,
    }),
    ...bare(subject),
    enqueuedByRivals(subject, 'single', 'BullMQ', [bullmq], { target: 3, floor: 2 }),
    enqueuedByRivals(subject, 'bulk', 'BullMQ', [bullmq], { target: 4.5, floor: 3 }),
    pickupByRivals(subject, 'BullMQ', [bullmq], { target: 0.7, floor: 1 }),
    processedByRivals(subject, 100, forking, { target: 500, floor: 250 }),
    processedByRivals(subject, 100, prefork, { target: 40, floor: 25 }),
    // Theirs with one caller: their calls wait.
    enqueuedByRivals(subject, 'single', 'RQ', [rq], BESIDE),
    enqueuedByRivals(subject, 'single', 'Celery', [celery], BESIDE),
    enqueuedByRivals(subject, 'bulk', 'RQ', [rq], BESIDE),
    pickupByRivals(subject, 'RQ', [rq], BESIDE),
    pickupByRivals(subject, 'Celery', [celery], BESIDE),
    behindCancels(subject),
    ...rows(subject),
  ]
}

/** What is held to figures of each engine; the others are measured in scenarios alone. */
const FIGURES: Readonly<Record<string, (subject: Subject) => Figure[]>> = {
  memory: rows,
  sqlite: ofSqlite,
  postgres: ofPostgres,
  redis: ofRedis,
  mysql: (subject) => [...bare(subject), ...rows(subject)],
}

/** The figures of these engines. */
export function topicsOf(subjects: readonly Subject[]): Topic[] {
  return subjects.flatMap((subject) => {
    const figures = FIGURES[subject.name]?.(subject)
    return figures === undefined ? [] : [{ name: subject.name, engine: subject.name, figures }]
  })
}
