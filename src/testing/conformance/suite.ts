// The conformance suite: every case of every topic, bound to one engine. A product of its own (`windlass/testing`):
// whoever writes an engine passes a factory and runs the cases with the test runner of their choice.

import { actTopic, operateTopic } from './act.ts'
import { closedTopic, emptyTopic } from './bounds.ts'
import { bind, type ConformanceCase, type TopicSpec } from './case.ts'
import { changesTopic } from './changes.ts'
import { claimTopic } from './claim.ts'
import { connectionsTopic } from './connections.ts'
import { corpusTopic } from './corpus.ts'
import { documentsTopic } from './documents.ts'
import { enqueueTopic } from './enqueue.ts'
import type { EngineFactory } from './factory.ts'
import { heartbeatTopic } from './heartbeat.ts'
import { journalTopic } from './journal.ts'
import { migrationsTopic } from './migrations.ts'
import { orderTopic } from './order.ts'
import { pausedTopic } from './paused.ts'
import { recordsTopic } from './records.ts'
import { replayedClaimTopic } from './replayed-claim.ts'
import { rescueTopic } from './rescue.ts'
import { retentionTopic } from './retention.ts'
import { schedulesTopic } from './schedules.ts'
import { sessionTopic } from './session.ts'
import { settleTopic } from './settle.ts'
import { staleSettleTopic } from './stale-settle.ts'
import { sweepTopic } from './sweep.ts'
import { uniqueTopic } from './unique.ts'
import { watchTopic } from './watch.ts'

const TOPICS: readonly TopicSpec[] = [
  enqueueTopic,
  claimTopic,
  replayedClaimTopic,
  settleTopic,
  staleSettleTopic,
  sessionTopic,
  heartbeatTopic,
  sweepTopic,
  rescueTopic,
  uniqueTopic,
  orderTopic,
  actTopic,
  operateTopic,
  pausedTopic,
  recordsTopic,
  schedulesTopic,
  documentsTopic,
  journalTopic,
  changesTopic,
  retentionTopic,
  migrationsTopic,
  corpusTopic,
  emptyTopic,
  closedTopic,
  watchTopic,
  connectionsTopic,
]

/** All cases for this engine, topic by topic; those that cannot be run say why in `skip`. */
export function conformance(factory: EngineFactory): ConformanceCase[] {
  return TOPICS.flatMap((topic) => bind(topic, factory))
}
