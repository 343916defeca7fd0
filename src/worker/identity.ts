// Which process this is, and whether another one on this host still lives: boot id, pid namespace, pid and start time,
// so that a reused pid is never taken for the old process. Reads the system; decides nothing. Never compares across
// hosts, boots or pid namespaces.

import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

import type { ProcessIdentity } from '../core/record.ts'

/** This process, as a session records it. Empty texts: this system does not tell, so nobody judges by them. */
export function readIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    bootId: bootId(),
    pidSpace: pidSpace(),
    pid: process.pid,
    startTime: startTimeOf(process.pid),
  }
}

/** When that process started, as this system tells it; only good for comparing. Empty: it does not live, or is not told. */
export function startTimeOf(pid: number): string {
  return readProcess(pid)?.startTime ?? ''
}

/**
 * Is this process surely gone? False when it lives, and when it cannot be told from here.
 * @param self this process, see readIdentity
 */
export function isGone(other: ProcessIdentity, self: ProcessIdentity): boolean {
  const near = other.host === self.host && other.bootId === self.bootId && other.pidSpace === self.pidSpace
  if (!near || self.bootId === '' || self.pidSpace === '' || other.startTime === '') return false
  if (other.pid === self.pid && other.startTime === self.startTime) return false
  const found = readProcess(other.pid)
  if (found === undefined) return false
  return found === null || found.zombie || found.startTime !== other.startTime
}

/** True when this process leads its process group, so that a signal to the group reaches its children and no stranger. */
export function leadsGroup(): boolean {
  if (process.platform === 'linux') return readStat(process.pid)?.[2] === String(process.pid)
  if (process.platform === 'win32') return false
  return runQuietly('ps', ['-o', 'pgid=', '-p', String(process.pid)]) === String(process.pid)
}

/** Null: there is no such process. Undefined: it could not be found out. */
function readProcess(
  pid: number,
): { readonly startTime: string; readonly zombie: boolean } | null | undefined {
  if (process.platform === 'linux') {
    const stat = readStat(pid)
    if (stat === null || stat === undefined) return stat
    // Fields after the name: state, ppid, pgrp, … ; the start time is field 22 of the whole line.
    return { startTime: stat[19] ?? '', zombie: stat[0] === 'Z' || stat[0] === 'X' }
  }
  if (!signalReaches(pid)) return null
  const line = runQuietly('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
  if (line === null) return undefined
  const [state = '', ...start] = line.split(/\s+/)
  return { startTime: start.join(' '), zombie: state.startsWith('Z') }
}

/** The fields of /proc/<pid>/stat behind the name, which may itself contain spaces and brackets. */
function readStat(pid: number): string[] | null | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text
      .slice(text.lastIndexOf(')') + 2)
      .trim()
      .split(' ')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    return code === 'ENOENT' || code === 'ESRCH' ? null : undefined
  }
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function bootId(): string {
  if (process.platform === 'linux')
    return readQuietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  if (process.platform === 'darwin') return runQuietly('sysctl', ['-n', 'kern.bootsessionuuid']) ?? ''
  return ''
}

function pidSpace(): string {
  return process.platform === 'linux'
    ? readQuietly(() => readlinkSync('/proc/self/ns/pid'))
    : process.platform
}

function readQuietly(read: () => string): string {
  try {
    return read().trim()
  } catch {
    return ''
  }
}

function runQuietly(command: string, args: readonly string[]): string | null {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      timeout: 2_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}
