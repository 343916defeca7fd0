// The entry of the command line: bin/windlass.js imports this file, or starts Node with it.
// Promises to end when the verb is done, whatever task code or a driver left open. Leaves all else to program.ts.

import { keepCompiledCode } from './compiled-code.ts'

keepCompiledCode()
const { runCli } = await import('./program.ts')
process.exit(await runCli(process.argv.slice(2)))
