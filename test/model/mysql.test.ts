// The MySQL engine beside the model, each program in a namespace of its own.

import { openMysql } from '../../src/engines/mysql/mysql-engine.ts'
import { newPlace, SERVER, type Place } from '../engines/mysql-place.ts'
import { modelSuite } from './model-suite.ts'

const places = new WeakMap<object, Place>()

modelSuite({
  engine: 'mysql',
  bench: {
    open: async (now) => {
      const place = newPlace()
      const engine = await openMysql(place.url, { now })
      places.set(engine, place)
      return engine
    },
    async dispose(engine) {
      await engine.close()
      await places.get(engine)?.drop()
    },
  },
  // Too few to see everything.
  short: { runs: 40, within: 20_000, sees: false },
  long: 1_000,
  skip: SERVER === null && 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL',
})
