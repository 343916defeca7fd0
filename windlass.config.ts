// The config of this clone: what `npm start` runs, and what `npx windlass …` finds when it is typed here.

import { defineConfig } from 'windlass'

export default defineConfig({
  engine: 'sqlite:.windlass/windlass.db',
  tasks: ['scripts/tour/tasks.ts'],
})
