// The conformance suite: every case of every topic, bound to one engine. A product of its own (`windlass/testing`):
// whoever writes an engine passes a factory and runs the cases with the test runner of their choice.

import { actTopic, operateTopic } from './act.ts'
import { bind, type ConformanceCase, type TopicSpec } from './case.ts'
import { claimTopic } from './claim.ts'
import { enqueueTopic } from './enqueue.ts'
import type { EngineFactory } from './factory.ts'
import { heartbeatTopic } from './heartbeat.ts'
import { orderTopic } from './order.ts'
import { pausedTopic } from './paused.ts'
import { replayedClaimTopic } from './replayed-claim.ts'
import { rescueTopic } from './rescue.ts'
import { sessionTopic } from './session.ts'
import { settleTopic } from './settle.ts'
import { staleSettleTopic } from './stale-settle.ts'
import { sweepTopic } from './sweep.ts'
import { uniqueTopic } from './unique.ts'

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
]

/** All cases for this engine, topic by topic; those that cannot be run say why in `skip`. */
export function conformance(factory: EngineFactory): ConformanceCase[] {
  return TOPICS.flatMap((topic) => bind(topic, factory))
}
