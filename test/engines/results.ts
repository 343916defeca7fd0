// What the conformance suite found of an engine, written for the page of engines (docs/reference/engines.md) when
// WINDLASS_TEST_RESULTS names a folder. Counts only what ran to its end; leaves the page to scripts/engines-page.ts.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ConformanceCase, EngineFactory } from '../../src/testing/index.ts'

/** One engine as the suite found it. */
export interface EngineResult {
  readonly engine: string
  readonly product: string
  readonly version: string
  readonly oldest: string
  readonly durability: { readonly class: string; readonly text: string }
  /** What `tx` may be; null: nothing. */
  readonly transactions: string | null
  readonly cases: number
  readonly passed: number
  readonly skipped: readonly { readonly name: string; readonly why: string }[]
}

/** The same cases, counted when they pass. */
export class Results {
  readonly #factory: EngineFactory
  readonly #cases: readonly ConformanceCase[]
  #passed = 0

  constructor(factory: EngineFactory, cases: readonly ConformanceCase[]) {
    this.#factory = factory
    this.#cases = cases
  }

  /** Runs a case and counts it. */
  async run(one: ConformanceCase): Promise<void> {
    await one.run()
    this.#passed++
  }

  /** Writes what was found, if somebody wants it. */
  async write(): Promise<void> {
    const folder = process.env['WINDLASS_TEST_RESULTS'] ?? ''
    if (folder === '') return
    const { name, transactions = null } = this.#factory
    const store = await this.#factory.open({ now: Date.now })
    try {
      await store.engine.migrate()
      const { product, version, oldest } = await store.engine.examine()
      const result: EngineResult = {
        engine: name,
        product,
        version,
        oldest,
        durability: await store.engine.durability(),
        transactions,
        cases: this.#cases.length,
        passed: this.#passed,
        skipped: this.#cases.flatMap(({ name: what, skip }) =>
          skip === undefined ? [] : [{ name: what, why: skip }],
        ),
      }
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(result))
    } finally {
      await store.destroy()
    }
  }
}
