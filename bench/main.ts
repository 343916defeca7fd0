// `npm run bench`: every scenario on every engine in one run, medians of three, each beside the same work by hand; then
// the figures that have a target and a floor. A full run exits 1 when one is below its floor.
//   --quick          smaller, under a minute, never fails for a figure
//   --json           one JSON document instead of a table
//   --only TEXT      scenarios, figures and engines whose name holds it (may be repeated)
// Figures are of this machine and this moment: compare ratios of one run, not numbers of two.

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

import { lineOf, takeFigures, type Taken } from './figures.ts'
import { findPeer } from './peers.ts'
import { RATES } from './rates.ts'
import { SCENARIOS, type Scenario, type Size } from './scenarios.ts'
import { SUBJECTS, withEngine } from './stores.ts'
import { WAITS } from './waits.ts'

interface Line {
  readonly scenario: string
  readonly subject: string
  readonly unit: string
  readonly median: number
  readonly least: number
  readonly most: number
  /** To the same work by hand; null where there is no such. */
  readonly ratio: number | null
}

const FULL: Size = { tasks: 50_000, backlog: 200_000 }
const QUICK: Size = { tasks: 10_000, backlog: 20_000 }

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    json: { type: 'boolean' },
    only: { type: 'string', multiple: true },
  },
})
const quick = values.quick === true
const size = quick ? QUICK : FULL
const ROUNDS = quick ? 1 : 3
const waits = quick
  ? { rows: 20_000, pickups: 40, idle: 1_000, settle: 1_500 }
  : { rows: 1_000_000, pickups: 500, idle: 10_000, settle: 5_000 }
const only = values.only ?? []

/** Rounds of all subjects take turns, so that a slow moment of the machine meets each of them. */
async function measure(scenario: Scenario): Promise<Line[]> {
  const subjects = SUBJECTS.filter(({ name }) => wanted(name, scenario.name))
  const rates = new Map<string, number[]>()
  const note = (name: string, rate: number): void => {
    rates.set(name, [...(rates.get(name) ?? []), rate])
  }
  for (let round = 0; round < ROUNDS; round++) {
    if (scenario.bare !== null) note(scenario.bareName, await scenario.bare(size))
    for (const subject of subjects) {
      note(subject.name, await withEngine(subject, (engine) => scenario.run(engine, size)))
    }
  }
  const bare = rates.get(scenario.bareName)
  return [...rates].map(([subject, all]) => ({
    scenario: scenario.name,
    subject,
    unit: scenario.unit,
    ...spread(all),
    ratio: bare === undefined || subject === scenario.bareName ? null : median(all) / median(bare),
  }))
}

function wanted(...names: string[]): boolean {
  const engines = only.filter((text) => SUBJECTS.some(({ name }) => name === text))
  const scenarios = only.filter((text) => !engines.includes(text))
  const [subject = '', scenario = ''] = names
  return (
    (engines.length === 0 || engines.includes(subject)) &&
    (scenarios.length === 0 || scenarios.some((text) => scenario.includes(text)))
  )
}

function spread(all: readonly number[]): { median: number; least: number; most: number } {
  return {
    median: Math.round(median(all)),
    least: Math.round(Math.min(...all)),
    most: Math.round(Math.max(...all)),
  }
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
}

function show(lines: readonly Line[]): void {
  const [first] = lines
  if (first === undefined) return
  console.log(`\n${first.scenario} (${first.unit}, median of ${ROUNDS})`)
  for (const { subject, median, least, most, ratio } of lines) {
    const beside = ratio === null ? '' : `  × ${ratio.toFixed(2)}`
    console.log(
      `  ${subject.padEnd(20)} ${grouped(median).padStart(9)}  (${grouped(least)}–${grouped(most)})${beside}`,
    )
  }
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

const about = {
  node: process.version,
  sqlite: process.versions['sqlite'],
  cores: availableParallelism(),
  tasks: size.tasks,
  at: new Date().toISOString(),
}
const lines: Line[] = []
if (values.json !== true)
  console.log(`Node ${about.node}, SQLite ${about.sqlite}, ${about.cores} cores, ${about.tasks} tasks`)
for (const scenario of SCENARIOS) {
  if (only.length > 0 && !SUBJECTS.some(({ name }) => wanted(name, scenario.name))) continue
  const measured = await measure(scenario)
  lines.push(...measured)
  if (values.json !== true) show(measured)
}
const figures: Taken[] = []
/** Where a document is wanted, nothing else goes to stdout. */
const say = (line: string): void => (values.json === true ? console.error(line) : console.log(line))
say(`\nfigures (median of ${ROUNDS})`)
const peer =
  only.length > 0 && !only.some((text) => 'plainjob'.includes(text)) ? null : await findPeer(quick, say)
await takeFigures(
  [...RATES, ...WAITS],
  quick ? 1 : ROUNDS,
  { ...size, ...waits, peer },
  (name) => only.length === 0 || only.some((text) => name.includes(text)),
  (taken) => {
    figures.push(taken)
    if (values.json !== true) say(lineOf(taken))
  },
)
if (values.json === true) console.log(JSON.stringify({ ...about, lines, figures }))
if (!quick && figures.some(({ verdict }) => verdict === 'below')) process.exitCode = 1
