// `npm run bench`: every scenario on every engine in one run, medians of three, each beside the same work by hand; then
// the figures that have a target and a floor, most of them ratios to a peer on the same server. A full run exits 1 when
// one is below its floor. Servers are private to the run and end with it, also when it is interrupted. What it is told is
// in arguments.ts.
// Figures are of this machine and this moment: compare ratios of one run, not numbers of two.

import { availableParallelism, constants } from 'node:os'

import { WindlassError } from '../src/core/errors.ts'
import { FULL, QUICK, QUICK_SERVER } from './amounts.ts'
import { readArguments } from './arguments.ts'
import { medianOf, takeTopic, type Amounts, type Part, type Taken } from './figures.ts'
import { Peers } from './peers.ts'
import { SCENARIOS, type Scenario } from './scenarios.ts'
import { BenchServers } from './servers.ts'
import { subjectsOn, withBare, withEngine, type Subject } from './stores.ts'
import { lineOf, linesOf, partsOf, type Line } from './table.ts'
import { topicsOf } from './topics.ts'

const { engines, quick, json, only } = readArguments()

/** Where a document is wanted, nothing else goes to stdout. */
const say = (line: string): void => (json ? console.error(line) : console.log(line))
const servers = new BenchServers(quick, say)
const peers = new Peers(servers, quick, say)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // What was started for a measurement ends with this process.
  process.once(signal, () => {
    void servers.close().finally(() => process.exit(128 + constants.signals[signal]))
  })
}

const about = {
  node: process.version,
  sqlite: process.versions['sqlite'],
  cores: availableParallelism(),
  tasks: (quick ? QUICK : FULL).tasks,
  at: new Date().toISOString(),
}

function amountsFor({ server }: Subject): Amounts {
  if (!quick) return FULL
  return server === null ? QUICK : QUICK_SERVER
}

function wanted(name: string): boolean {
  return only.length === 0 || only.some((text) => name.includes(text))
}

/** Rounds of all subjects take turns, so that a slow moment of the machine meets each of them. */
async function measure(scenario: Scenario, subjects: readonly Subject[]): Promise<Line[]> {
  const rates = new Map<string, number[]>()
  const note = (name: string, rate: number): void => {
    rates.set(name, [...(rates.get(name) ?? []), rate])
  }
  const { bare, bareName } = scenario
  const nameOf = ({ name }: Subject): string => `${name}, ${bareName}`
  const broken = new Set<Subject>()
  for (let round = 0; round < amounts.rounds; round++) {
    for (const subject of subjects) {
      const size = amountsFor(subject)
      if (bare !== null && subject.bare !== null)
        note(nameOf(subject), await withBare(subject, (loop) => bare(loop, size)))
      if (!ours.includes(subject) || broken.has(subject)) continue
      try {
        note(subject.name, await withEngine(subject, (engine) => scenario.run(engine, size)))
      } catch (error) {
        broken.add(subject)
        tellFailure(`${subject.name}, ${scenario.name}`, error)
      }
    }
  }
  return [...rates].map(([subject, all]) => {
    // Both manners of SQLite have one yardstick.
    const by = medianOf(rates.get(`${subject.replace('-normal', '')}, ${bareName}`) ?? [])
    const { name } = scenario
    return { scenario: name, subject, unit: scenario.unit, ...spread(all), ratio: ratio(all, by) }
  })
}

/** One engine that fails must not hide what the others do. */
function tellFailure(what: string, error: unknown): void {
  failures.push(what)
  say(`FAILED: ${what}: ${error instanceof Error ? error.message : String(error)}`)
}

function ratio(all: readonly number[], by: number | null): number | null {
  return by === null ? null : (medianOf(all) ?? 0) / by
}

function spread(all: readonly number[]): { median: number; least: number; most: number } {
  return {
    median: Math.round(medianOf(all) ?? 0),
    least: Math.round(Math.min(...all)),
    most: Math.round(Math.max(...all)),
  }
}

/** The subjects that were asked for and have their server; what is not there is said. */
async function chosen(): Promise<Subject[]> {
  const all = subjectsOn(servers)
  const strange = engines?.find((name) => !all.some((subject) => subject.name === name))
  if (strange !== undefined) {
    console.error(`--engine ${strange}: there are ${all.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }
  const here: Subject[] = []
  for (const subject of all) {
    if (engines !== null && !engines.includes(subject.name)) continue
    if (subject.server === null || (await servers.has(subject.server))) here.push(subject)
  }
  return here
}

/** Whether this version has the engine; its bare loop and peers are measured without it, too. */
async function isOurs(subject: Subject): Promise<boolean> {
  try {
    return await withEngine(subject, async () => true)
  } catch (error) {
    if (error instanceof WindlassError && error.code === 'engine_not_available')
      say(`skipped: ${error.message}`)
    else tellFailure(`${subject.name}, opening it`, error)
    return false
  }
}

const amounts = quick ? QUICK : FULL
const subjects = await chosen()
const failures: string[] = []
const ours: Subject[] = []
for (const subject of subjects) if (await isOurs(subject)) ours.push(subject)
say(`Node ${about.node}, SQLite ${about.sqlite}, ${about.cores} cores, ${about.tasks} tasks`)

const lines: Line[] = []
for (const scenario of SCENARIOS.filter(({ name }) => wanted(name))) {
  const measured = await measure(scenario, subjects)
  lines.push(...measured)
  if (!json) for (const line of linesOf(measured, amounts.rounds)) say(line)
}

const figures: Taken[] = []
const parts: (Part & { readonly engine: string })[] = []
for (const topic of topicsOf(subjects)) {
  if (!topic.figures.some(({ name }) => wanted(name))) continue
  const subject = subjects.find(({ name }) => name === topic.engine)
  const ground = { ...(subject === undefined ? amounts : amountsFor(subject)), peers }
  if (!json) say(`\n${topic.name}: figures (median of ${amounts.rounds})`)
  const answer = await takeTopic(topic, ground, wanted)
  figures.push(...answer.taken)
  parts.push(...answer.parts.map((part) => ({ engine: topic.engine, ...part })))
  if (json) continue
  for (const taken of answer.taken) say(lineOf(taken))
  if (answer.parts.length > 0) say('  made of')
  for (const line of partsOf(answer.parts)) say(line)
}
await servers.close()
if (json) console.log(JSON.stringify({ ...about, lines, figures, parts, failures }))
const missed = figures.some(({ verdict }) => verdict === 'below' || verdict === 'failed')
if (!quick && (missed || failures.length > 0)) process.exitCode = 1
