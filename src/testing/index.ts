// `windlass/testing`: what a user, or the author of an engine, needs to test against the contract.
// The conformance suite as data, sample records, a clock to move, and the memory engine to run things on.

export { conformance } from './conformance/suite.ts'
export type { ConformanceCase, Rule } from './conformance/case.ts'
export { RULES, type RuleCoverage } from './conformance/rules.ts'
export type { Ability, EngineFactory, OpenedStore, OpenOptions } from './conformance/factory.ts'
export { ManualClock } from './clock.ts'
export { newError, newSession, newTask, outcomes } from './samples.ts'
export { openMemory, MemoryEngine } from '../engines/memory/engine.ts'
export { MemoryStore } from '../engines/memory/store.ts'
