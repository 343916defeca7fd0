// The page of engines, docs/reference/engines.md: what the conformance suite found of each engine and what the bench
// measured, as kept in docs/reference/engines.json. `npm run docs -- --engines` proves every engine that has a server
// here and writes what it found into that file; `--figures FILE` takes the figures from `npm run bench -- --json`;
// `npm run test:servers` adds other releases of the servers.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { EngineResult } from '../test/engines/results.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DATA = join(ROOT, 'docs', 'reference', 'engines.json')
const ORDER = ['memory', 'sqlite', 'postgres', 'mysql', 'redis', 'rabbitmq']

/** A figure as the bench tells it. */
interface Figure {
  readonly engine: string
  readonly figure: string
  readonly unit: string
  readonly target: number | null
  readonly floor: number | null
  readonly value: number | null
}

/** A release of a server on which the whole suite passed. */
interface ProvenRelease {
  readonly engine: string
  /** Of the series: what is found of it later takes its place. */
  readonly name: string
  readonly product: string
  readonly version: string
  readonly cases: number
  readonly passed: number
}

interface EnginesFile {
  readonly engines: readonly EngineResult[]
  readonly releases: readonly ProvenRelease[]
  readonly figures: readonly Figure[]
}

export function readEngines(): EnginesFile {
  return JSON.parse(readFileSync(DATA, 'utf8')) as EnginesFile
}

/** Runs the suite on every engine that can be had here, and keeps what it found. */
export function proveEngines(): void {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-engines-'))
  try {
    const suites = ORDER.map((name) => `test/engines/${name}.test.ts`)
    const run = spawnSync(process.execPath, [join(ROOT, 'scripts', 'test.js'), ...suites], {
      stdio: 'inherit',
      env: { ...process.env, WINDLASS_TEST_RESULTS: folder },
    })
    if (run.status !== 0) throw new Error('an engine does not pass its suite: nothing is written')
    const found = readdirSync(folder).map(
      (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as EngineResult,
    )
    const known = readEngines()
    const others = known.engines.filter(({ engine }) => found.every((one) => one.engine !== engine))
    const place = ({ engine }: EngineResult): number => ORDER.indexOf(engine)
    write({ ...known, engines: [...others, ...found].toSorted((a, b) => place(a) - place(b)) })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Keeps the figures of a bench run; engines that it did not measure keep theirs. */
export function takeFigures(file: string): void {
  const { figures } = JSON.parse(readFileSync(file, 'utf8')) as { figures: readonly Figure[] }
  const taken = figures
    .filter(({ value }) => value !== null)
    .map(({ figure, unit, target, floor, value }) => ({
      // A figure begins with the name of its engine; those of the process are SQLite's.
      engine: /^(\w+):/.exec(figure)?.[1] ?? 'sqlite',
      figure,
      unit,
      target,
      floor,
      value,
    }))
  const measured = new Set(taken.map(({ engine }) => engine))
  const known = readEngines()
  write({ ...known, figures: [...known.figures.filter(({ engine }) => !measured.has(engine)), ...taken] })
}

/** Keeps what the suite found on one release of a server (`npm run test:servers`). */
export function keepRelease(name: string, result: EngineResult): void {
  const { engine, product, version, cases, passed } = result
  const known = readEngines()
  const releases = [
    ...known.releases.filter((one) => one.name !== name),
    { engine, name, product, version, cases, passed },
  ]
  const place = (one: ProvenRelease): number => ORDER.indexOf(one.engine)
  releases.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name, 'en', { numeric: true }))
  write({ ...known, releases })
}

function write(file: EnginesFile): void {
  writeFileSync(DATA, `${JSON.stringify(file, null, 2)}\n`)
}

export function enginesPage(note: string): string {
  const { engines, releases, figures } = readEngines()
  return [
    '# Engines',
    '',
    `${note} What is in it was found by the conformance suite on real servers (\`npm run docs -- --engines\`) and by`,
    '`npm run bench`; an engine that does not pass every case is not shipped.',
    '',
    '| engine | proven on | supported from | cases passed | acknowledged means | `tx` |',
    '| --- | --- | --- | --- | --- | --- |',
    ...engines.map(engineRow),
    '',
    'The class of durability is that of the server as the suite started it: on a server of yours, `windlass doctor` tells it.',
    'D3: fsynced. D2: survives a killed process. D1: a crash may lose some seconds. D0: in memory.',
    '',
    ...releaseLines(releases),
    ...engines.flatMap(skippedLines),
    ...ORDER.flatMap((engine) =>
      figureLines(
        engine,
        figures.filter((one) => one.engine === engine),
      ),
    ),
  ].join('\n')
}

function engineRow({
  engine,
  product,
  version,
  oldest,
  durability,
  transactions,
  passed,
  cases,
}: EngineResult): string {
  const { class: kind, text } = durability
  return `| ${engine} | ${product} ${version} | ${oldest} | ${passed} of ${cases} | ${kind}: ${text} | ${transactions ?? 'none'} |`
}

function releaseLines(releases: readonly ProvenRelease[]): string[] {
  if (releases.length === 0) return []
  const rows = releases.map(
    ({ engine, product, version, passed, cases }) =>
      `| ${engine} | ${product} ${version} | ${passed} of ${cases} |`,
  )
  const head = ['| engine | server | cases passed |', '| --- | --- | --- |']
  return ['Other releases that pass the suite (`npm run test:servers`):', '', ...head, ...rows, '']
}

function skippedLines({ engine, skipped }: EngineResult): string[] {
  const lines = skipped.map(({ name, why }) => `- ${engine}, "${name}": ${why}`)
  return lines.length === 0 ? [] : ['Cases that cannot be run:', '', ...lines, '']
}

function figureLines(engine: string, figures: readonly Figure[]): string[] {
  if (figures.length === 0) return []
  const rows = figures.map(({ figure, unit, target, floor, value }) => {
    const said = value === null ? '–' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`
    return `| ${figure} | ${target ?? ''} | ${floor ?? ''} | ${said} |`
  })
  const head = ['| figure | target | floor | measured |', '| --- | --- | --- | --- |']
  return [`## Figures of ${engine}`, '', ...head, ...rows, '']
}
