/**
 * `npm test`: sets up what is missing, then proves the lot on the pinned Node (scripts/test/run.ts).
 *
 * `--long` runs full counts, `--require-all` fails where an engine could not be proven; a bare word picks the
 * test files whose path contains it; other flags go to Node's test runner.
 */
import { join } from 'node:path'
import { ROOT, setUp } from './setup.js'
import { launch } from './setup/launch.js'

const { node } = setUp()
// Set where a test starts this one; the runner would take itself for a test and run nothing.
delete process.env.NODE_TEST_CONTEXT
const run = join(ROOT, 'scripts', 'test', 'run.ts')
process.exitCode = await launch(node, ['--conditions=windlass-source', run, ...process.argv.slice(2)])
