// The Redis engine beside the model, on a real server, each program in a namespace of its own.

import { randomBytes } from 'node:crypto'

import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis } from '../../src/engines/redis/redis-engine.ts'
import { modelSuite } from './model-suite.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']

modelSuite({
  engine: 'redis',
  bench: {
    open: (now) => openRedis(`${server}?namespace=m${randomBytes(8).toString('hex')}`, { now }),
    async dispose(engine) {
      await engine.close()
      await dropNamespace(parseRedisAddress(engine.address ?? '', 'windlass'))
    },
  },
  short: { runs: 400, within: 10_000, sees: true },
  long: 5_000,
  skip: server === undefined && 'NOT PROVEN HERE: no WINDLASS_TEST_REDIS_URL',
})
