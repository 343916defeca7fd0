/** `node scripts/run.js FILE …`: sets up what is missing, then runs one of our files on the pinned Node. */
import { join } from 'node:path'
import { ROOT, setUp } from './setup.js'
import { launch } from './setup/launch.js'

const { node } = setUp()
const [file = '', ...args] = process.argv.slice(2)
process.exitCode = await launch(node, ['--conditions=windlass-source', join(ROOT, file), ...args])
