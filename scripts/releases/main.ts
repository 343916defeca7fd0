/**
 * `npm run test:servers`: proves the engines on the oldest and the newest servers that Debian's archive has.
 *
 * Fetches each release (2 GB are kept between runs), runs the tests on it and prints a line. Words pick
 * releases by their names, `--fresh` fetches them anew. A release on which everything passed goes into
 * docs/reference/engines.json and its page. Nothing is installed; exit code 0: every release did as it should.
 */
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { keepRelease } from '../engines-page.ts'
import { writeReferencePages } from '../reference.ts'
import { unpack } from './archive.ts'
import { prepare } from './programs.ts'
import { prove, proveRefused, type Finding } from './proof.ts'
import { RELEASES, type Release } from './releases.ts'

const { values, positionals } = parseArgs({
  options: { fresh: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const words = positionals.map((word) => word.toLowerCase())
const picked = RELEASES.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word)),
)
if (picked.length === 0) console.error(`no release is called ${positionals.join(' or ')}`)

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    process.exitCode = 128 + constants.signals[signal]
    interrupted.abort()
  })

let failed = picked.length === 0
for (const release of picked) {
  const { ok, says } = await examine(release)
  if (interrupted.signal.aborted) break
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${release.name}: ${says}`)
  if (!ok) failed = true
}
await writeReferencePages()
process.exitCode ??= failed ? 1 : 0

/** Never throws: the next release is worth its line. */
async function examine(release: Release): Promise<Finding> {
  try {
    const programs = prepare(await unpack(release, values.fresh), release.programs)
    if (release.refused) return await proveRefused(release, programs)
    const finding = await prove(release, programs, interrupted.signal)
    if (finding.result !== null) keepRelease(release.name, finding.result)
    return finding
  } catch (error) {
    return { ok: false, says: error instanceof Error ? error.message : String(error), result: null }
  }
}
