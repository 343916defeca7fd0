/** `npm run bench`: sets up what is missing, then measures (bench/main.ts). */
import { join } from 'node:path'
import { ROOT, setUp } from './setup.js'
import { launch } from './setup/launch.js'

const { node } = setUp()
const bench = join(ROOT, 'bench', 'main.ts')
process.exitCode = await launch(node, ['--conditions=windlass-source', bench, ...process.argv.slice(2)])
