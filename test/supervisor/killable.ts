/** A supervisor as a program of its own, for tests that kill it: prints each event as a line. */
import type { Place } from '../../src/supervisor/place.ts'
import { Supervisor } from '../../src/supervisor/supervisor.ts'
import { childThat, Register } from './child.ts'

const { place, count, words } = JSON.parse(process.argv[2] ?? '') as {
  place: Place
  count: number
  words: string[]
}
const supervisor = new Supervisor({
  engine: new Register(),
  place,
  count,
  command: () => childThat(...words),
  tell: (event) => process.stdout.write(`${JSON.stringify(event)}\n`),
})
await supervisor.start()
setInterval(() => {}, 1_000)
