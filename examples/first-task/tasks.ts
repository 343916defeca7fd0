import { defineTask } from 'windlass'
import * as z from 'zod'

export const greet = defineTask({
  name: 'greet',
  queue: 'mail',
  timeout: '5m',
  retry: { retries: 3, delays: ['10s', '30s', '90s'] },
  input: z.object({ name: z.string(), times: z.number().default(1) }),
  async run({ name, times }, ctx) {
    ctx.progress(50, 'half way')
    return { text: `Hello ${name}! `.repeat(times).trim() }
  },
})
