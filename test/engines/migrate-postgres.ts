// A process that migrates the PostgreSQL store of the URL it is given and prints what it was told.

import { openPostgres } from '../../src/engines/postgres/postgres-engine.ts'

const engine = await openPostgres(process.argv[2] ?? '')
process.stdout.write(JSON.stringify(await engine.migrate()))
await engine.close()
