// A process that migrates the store of the URL it is given and prints what it was told; raced by migrate-in-process.ts.

import { openEngine } from '../../src/engines/open.ts'

const engine = await openEngine(process.argv[2] ?? '')
process.stdout.write(JSON.stringify(await engine.migrate()))
await engine.close()
