// `windlass doctor`: what is wrong with this system, each with the command that mends it. Exit 0 when nothing is, 1
// when something is, 4 when the store cannot be reached. Changes nothing; does not create a store either.

import type { Command } from 'commander'
import { existsSync } from 'node:fs'

import { WindlassError } from '../core/errors.ts'
import { viewAlerts } from '../toolbox/alert-view.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { machineFacts, sqliteFile, storeFacts, supervisorFacts, workFacts } from './doctor-facts.ts'
import { judgeMachine, judgeStore, judgeWork } from './doctor-rules.ts'
import { judgeAlerts } from './doctor-alerts.ts'
import { judgeSchedules } from './doctor-schedules.ts'
import { judgeSupervisor } from './doctor-supervisor.ts'
import type { Finding } from './finding.ts'
import { EXIT, tellFailure, type Failure } from './exit-codes.ts'
import { maskSecrets } from '../core/secrets.ts'
import { openWindlass } from './open.ts'
import { printable } from './output.ts'

export function define(command: Command, cli: Cli): void {
  command.action(async () => {
    const windlass = await openWindlass(cli, { flags: { migrate: 'false' } })
    try {
      await examine(cli, windlass)
    } finally {
      await windlass.close()
    }
  })
}

async function examine(cli: Cli, windlass: Windlass): Promise<void> {
  const machine = machineFacts()
  const findings: Finding[] = judgeMachine(machine)
  const { file, root, engine: choice, notes, worker } = windlass.settings
  findings.push({ check: 'config', ok: true, detail: file ?? 'no config file', mend: null })
  findings.push(...judgeSupervisor(await supervisorFacts(root, worker.name)))
  for (const note of notes) findings.push({ check: 'note', ok: true, detail: maskSecrets(note), mend: null })
  const path = sqliteFile(choice.url)
  if (path !== null && !existsSync(path)) {
    const detail = `there is no database ${path} yet`
    findings.push({ check: 'schema', ok: false, detail, mend: 'windlass migrate' })
    return answer(cli, findings, null)
  }
  const failure = await examineStore(windlass, choice.url, findings)
  answer(cli, findings, failure)
}

/** The failure that ended the examination; null: it was done to the end. */
async function examineStore(windlass: Windlass, url: string, findings: Finding[]): Promise<Failure | null> {
  try {
    const engine = await windlass.engine()
    const work = await workFacts(engine)
    findings.push(...judgeStore(await storeFacts(engine, url), work.live.length))
    findings.push({ check: 'schema', ok: true, detail: 'as this version needs it', mend: null })
    findings.push(...judgeWork(work, machineFacts()))
    const { schedules } = windlass
    const schedulers = await schedules.schedulers()
    findings.push(...judgeSchedules(await schedules.list(), schedulers))
    const alive = work.live.length + schedulers.filter((one) => one.alive).length
    findings.push(...judgeAlerts(await viewAlerts(engine), alive))
    return null
  } catch (error) {
    if (!(error instanceof WindlassError)) throw error
    const failure = tellFailure(error, 'doctor')
    const check = error.code === 'not_migrated' || error.code === 'newer_schema' ? 'schema' : 'engine'
    findings.push({ check, ok: false, detail: `${maskSecrets(url)}: ${failure.message}`, mend: failure.hint })
    return failure.exit === EXIT.unreachable ? failure : null
  }
}

function answer(cli: Cli, checks: readonly Finding[], failure: Failure | null): void {
  const wrong = checks.filter(({ ok }) => !ok)
  cli.exit = failure?.exit ?? (wrong.length > 0 ? EXIT.failure : EXIT.ok)
  const error =
    failure === null
      ? {}
      : { error: { code: failure.code, message: failure.message, hint: failure.hint, retry: failure.retry } }
  cli.out.answer({ ok: wrong.length === 0, checks, ...error }, () =>
    [...checks.map((check) => line(cli, check)), '', summary(cli, wrong.length)].join('\n'),
  )
}

function line(cli: Cli, { check, ok, detail, mend }: Finding): string {
  const mark = ok ? cli.out.style('green', 'ok   ') : cli.out.style('red', cli.out.say('doctor.wrong'))
  const { texts } = cli.out
  const head = `${mark}  ${texts.of(check)}: ${printable(texts.of(detail))}`
  return mend === null ? head : `${head}\n       ${cli.out.say('doctor.mend', { mend })}`
}

function summary({ out }: Cli, count: number): string {
  if (count === 0) return out.say('doctor.healthy')
  return count === 1 ? out.say('doctor.one') : out.say('doctor.many', { count })
}
