// `windlass/testing`: what a user, or the author of an engine, needs to test against the contract.
// The conformance suite as data, sample records, a clock to move, and the memory engine to run things on; a model to
// compare with, an engine behind a bad connection, and the judge of what clients were told.

export { conformance } from './conformance/suite.ts'
export type { ConformanceCase, Rule } from './conformance/case.ts'
export { RULES, type RuleCoverage } from './conformance/rules.ts'
export type { Ability, EngineFactory, OpenedStore, OpenOptions } from './conformance/factory.ts'
export { ManualClock } from './clock.ts'
export { newError, newSession, newTask, outcomes } from './samples.ts'
export { openMemory, MemoryEngine } from '../engines/memory/engine.ts'
export { MemoryStore } from '../engines/memory/store.ts'
export { Model } from './model/model.ts'
export { ColdModel } from './model/cold-model.ts'
export { faultyEngine, type Link } from './faults/faulty-engine.ts'
export { TcpProxy, type Delays } from './faults/proxy.ts'
export type { ReplyLoss } from './faults/proxied-connection.ts'
export { CALM, drawFate, type Fate, type FateKind, type Weather } from './faults/fate.ts'
export { Recorder } from './history/recorder.ts'
export type { Call, Final, History, Run, Violation } from './history/history.ts'
export { checkHistory, vacuous, type CheckName, type Tally, type Verdict } from './history/checker.ts'
export { timeline } from './history/timeline.ts'
export { Random } from './simulation/random.ts'
