// A process that migrates the MySQL store of the URL it is given and prints what it was told.

import { openMysql } from '../../src/engines/mysql/mysql-engine.ts'

const engine = await openMysql(process.argv[2] ?? '')
process.stdout.write(JSON.stringify(await engine.migrate()))
await engine.close()
