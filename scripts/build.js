/** `npm run build`: makes `dist`, whether it is needed or not, and fails if the sources do not compile. */
import { ROOT, setUp } from './setup.js'
import { buildDist } from './setup/dist.js'

const { node } = setUp({ dist: false })
process.exitCode = buildDist(ROOT, node) ? 0 : 1
