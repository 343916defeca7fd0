// Virtual time, and what crashes and pauses do to a simulated process.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'

import { sleep } from '../../base/clock.ts'
import { SimulatedNode } from './node.ts'
import { Random } from './random.ts'
import { World } from './world.ts'

suite('simulated world', () => {
  test('events happen in the order of their times, promises in between', async () => {
    const world = new World(new Random(1))
    const seen: string[] = []
    world.after(20, () => seen.push('b'))
    world.after(10, () => {
      void (async () => {
        await Promise.resolve()
        await Promise.resolve()
        seen.push('a, later')
        world.after(0, () => seen.push('a, at once'))
      })()
    })
    world.after(20, () => seen.push('c'))
    const off = world.after(15, () => seen.push('never'))
    off()
    await world.run(1_000)
    assert.deepEqual(seen, ['a, later', 'a, at once', 'b', 'c'])
    assert.equal(world.now, 1_000)
  })

  test('many events come in order', async () => {
    const world = new World(new Random(1))
    const random = new Random(2)
    const seen: number[] = []
    for (let i = 0; i < 2_000; i++) world.after(random.between(0, 500), () => seen.push(world.now))
    await world.run(1_000)
    assert.equal(seen.length, 2_000)
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    )
  })

  test('chance is the same for the same seed, and given back', async () => {
    const draw = async (): Promise<unknown[]> => {
      const seen: unknown[] = []
      const world = new World(new Random(5))
      world.after(1, () => {
        seen.push(Math.random(), randomBytes(4).toString('hex'))
        setImmediate(() => seen.push('immediate'))
      })
      await world.run(10)
      return seen
    }
    const { random } = Math
    assert.deepEqual(await draw(), await draw())
    assert.equal(Math.random, random)
    assert.notEqual(randomBytes(16).toString('hex'), randomBytes(16).toString('hex'))
  })

  test('a loop that no time can end is told', async () => {
    const world = new World(new Random(1))
    const again = (): void => void world.after(0, again)
    world.after(1, again)
    await assert.rejects(world.run(10), /runs in circles at 1 ms/)
  })
})

suite('simulated process', () => {
  test('a crashed process does nothing more, a paused one does it later', async () => {
    const world = new World(new Random(1))
    const node = new SimulatedNode('n', world, 0)
    const seen: string[] = []
    node.timer(10, () => seen.push(`ten at ${Math.round(world.now)}`))
    node.timer(20, () => seen.push(`twenty at ${Math.round(world.now)}`))
    node.timer(90, () => seen.push('ninety'))
    void sleep(node, 5).then(() => seen.push('slept'))
    world.after(8, () => node.pause())
    world.after(50, () => node.resume())
    world.after(80, () => node.crash())
    await world.run(200)
    assert.deepEqual(seen, ['slept', 'ten at 50', 'twenty at 50'])
    assert.equal(node.alive, false)
  })

  test('clocks of processes drift', async () => {
    const world = new World(new Random(1))
    const node = new SimulatedNode('n', world, 0.5)
    const fired: number[] = []
    node.timer(150, () => fired.push(Math.round(world.now)))
    await world.run(200)
    assert.equal(Math.round(node.mono()), 300)
    assert.deepEqual(fired, [100])
  })
})
