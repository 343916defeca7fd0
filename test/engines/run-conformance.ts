// Runs the conformance suite under node:test: one test for each case, grouped by topic.
// The suite itself knows no runner. Leaves opening an engine to the factory that each engine's test brings.

import { describe, test } from 'node:test'

import { conformance, type EngineFactory } from '../../src/testing/index.ts'

/** Declares a test for each case of the suite. */
export function runConformance(factory: EngineFactory): void {
  const topics = Map.groupBy(conformance(factory), (one) => one.topic)
  for (const [topic, cases] of topics) {
    describe(`${factory.name}: ${topic}`, () => {
      for (const { name, run, skip } of cases) {
        test(name, { skip: skip ?? false }, run)
      }
    })
  }
}
