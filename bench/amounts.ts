// How much is measured: a full run, or a quick one that stays within a minute or two with all engines.

import type { Amounts } from './figures.ts'

export const FULL: Amounts = {
  tasks: 50_000,
  backlog: 200_000,
  commits: 2_500,
  rows: 1_000_000,
  pickups: 500,
  idle: 10_000,
  steady: 5_000,
  settle: 5_000,
  beside: 200_000,
  cancels: 100_000,
  rounds: 3,
}

export const QUICK: Amounts = {
  tasks: 10_000,
  backlog: 20_000,
  commits: 500,
  rows: 20_000,
  pickups: 40,
  idle: 1_000,
  steady: 500,
  settle: 1_500,
  beside: 5_000,
  cancels: 2_000,
  rounds: 1,
}

/** A quick run on a server: whether it works, and a first idea of the figures. */
export const QUICK_SERVER: Amounts = {
  ...QUICK,
  tasks: 1_000,
  backlog: 2_000,
  commits: 100,
  rows: 5_000,
  pickups: 10,
  steady: 300,
  beside: 1_000,
}
