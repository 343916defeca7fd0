// Runs the conformance suite under node:test: one test for each case, grouped by topic.
// The suite itself knows no runner. Leaves opening an engine to the factory that each engine's test brings.

import { after, describe, test } from 'node:test'

import { conformance, type EngineFactory } from '../../src/testing/index.ts'
import { Results } from './results.ts'

/** Declares a test for each case of the suite. */
export function runConformance(factory: EngineFactory): void {
  const cases = conformance(factory)
  const results = new Results(factory, cases)
  after(() => results.write())
  for (const [topic, some] of Map.groupBy(cases, (one) => one.topic)) {
    describe(`${factory.name}: ${topic}`, () => {
      for (const one of some) test(one.name, { skip: one.skip ?? false }, () => results.run(one))
    })
  }
}
