// The entry of the command line: bin/windlass.js imports this file, or starts Node with it.
// Promises to end when the verb is done, whatever task code or a driver left open. Leaves all else to program.ts.

import { keepCompiledCode } from './compiled-code.ts'
import { leanRuntime } from './lean-runtime.ts'

// Before anything grows, so before the verb is read as it should be: a task of that name costs another verb nothing.
// `up` computes, too, and keeps its compilers.
if (process.argv.includes('start')) leanRuntime()
keepCompiledCode()
const { runCli } = await import('./program.ts')
process.exit(await runCli(process.argv.slice(2)))
