// Writes the reference pages that follow a table in the code, and the examples in deploy/. `npm run docs` writes them; a
// test fails when they are stale. `--engines` proves the engines first, `--figures FILE` takes figures of a bench (engines-page.ts).

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { formatDuration } from '../src/core/duration.ts'
import { ERROR_CODES } from '../src/core/errors.ts'
import { DEFAULTS, LIMITS } from '../src/core/limits.ts'
import { REASONS } from '../src/core/reasons.ts'
import { cliPage } from './cli-page.ts'
import { deploymentExamples } from './deploy-files.ts'
import { enginesPage, proveEngines, takeFigures } from './engines-page.ts'

const NOTE = 'This page is written by `npm run docs` from the table in the code.'

/** Path (from the root) and text of every generated page. */
export async function referencePages(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/reference/cli.md': await cliPage(NOTE),
    'docs/reference/engines.md': enginesPage('This page is written by `npm run docs`.'),
    'docs/reference/errors.md': errorsPage(),
    'docs/reference/limits.md': limitsPage(),
    'docs/reference/reasons.md': reasonsPage(),
    ...deploymentExamples(pinnedNode()),
  }
}

/** The Node that everything is proven on. */
function pinnedNode(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { devDependencies: { node: string } }).devDependencies.node
}

/** Writes every generated page. */
export async function writeReferencePages(): Promise<void> {
  for (const [path, text] of Object.entries(await referencePages()))
    writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text)
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { status, retry, hint }]) => `| \`${code}\` | ${status} | ${retry ? 'yes' : 'no'} | ${hint} |`,
  )
  return [
    '# Error codes',
    '',
    `${NOTE} Codes are stable, messages are not. "Retry" says whether the same call may succeed later.`,
    '',
    '| code | HTTP | retry | what to do |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function reasonsPage(): string {
  const rows = Object.entries(REASONS).map(
    ([reason, { meaning, hint }]) => `| \`${reason}\` | ${meaning} | ${hint} |`,
  )
  return [
    '# Reasons of tasks',
    '',
    `${NOTE} A reason says why a task is dead or cancelled, or why it waits again; \`windlass explain REASON\` prints it.`,
    '',
    '| reason | meaning | what to do |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

const DURATIONS = new Set([
  'duration',
  'retryDelay',
  'timeout',
  'lease',
  'leaseMin',
  'leaseMax',
  'callTimeout',
  'grace',
  'drain',
  'doubt',
  'tombstone',
  'unknownTypeDelay',
  'keepSessions',
])

function shown(name: string, value: unknown): string {
  if (typeof value === 'number')
    return DURATIONS.has(name) ? formatDuration(value) : value.toLocaleString('en')
  if (Array.isArray(value)) return value.map((one: number) => formatDuration(one)).join(', ')
  return String(value)
}

function tableRows(table: object): string[] {
  return Object.entries(table).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([key, inner]: [string, unknown]) => {
          const text =
            name === 'keep' && typeof inner === 'number' ? formatDuration(inner) : shown(key, inner)
          return `| \`${name}.${key}\` | ${text} |`
        })
      : [`| \`${name}\` | ${shown(name, value ?? 'none')} |`],
  )
}

function limitsPage(): string {
  const head = ['| name | value |', '| --- | --- |']
  return [
    '# Limits and defaults',
    '',
    `${NOTE} Sizes are bytes of UTF-8.`,
    '',
    '## Limits',
    '',
    ...head,
    ...tableRows(LIMITS),
    '',
    '## Defaults that options override',
    '',
    ...head,
    ...tableRows(DEFAULTS),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { engines: { type: 'boolean' }, figures: { type: 'string' } } })
  if (values.engines === true) proveEngines()
  if (values.figures !== undefined) takeFigures(values.figures)
  await writeReferencePages()
}
