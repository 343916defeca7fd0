/** `npm start`: sets up what is missing, then the tour of the main job (scripts/tour/). */
import { join } from 'node:path'
import { ROOT, setUp } from './setup.js'
import { launch } from './setup/launch.js'

const { node } = setUp()
const tour = join(ROOT, 'scripts', 'tour', 'main.ts')
process.exitCode = await launch(node, ['--conditions=windlass-source', tour, ...process.argv.slice(2)])
