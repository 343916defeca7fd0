import { Windlass } from 'windlass'
import config from './windlass.config.ts'
import { greet } from './tasks.ts'

const windlass = new Windlass(config)
const handle = await windlass.enqueue(
  greet,
  { name: 'Ada' },
  { priority: 8, unique: { key: 'greet:ada', for: '1h' } },
)
console.log(handle.outcome, handle.id) // created, or duplicate
const { text } = await handle.result({ timeout: '30s' }) // typed: { text: string }
console.log(text)
await windlass.close()
