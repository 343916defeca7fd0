// The entry of the command line: bin/windlass.js imports this file, or starts Node with it.
// Promises to end when the verb is done, whatever task code or a driver left open. Leaves all else to program.ts.

import { runCli } from './program.ts'

process.exit(await runCli(process.argv.slice(2)))
