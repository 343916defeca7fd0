import { defineConfig } from 'windlass'

export default defineConfig({ engine: 'sqlite:.windlass/windlass.db', tasks: ['tasks.ts'] })
