// What a client of the proxy sees, against a server that answers each line with `did <line>`.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, beforeEach, afterEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { TcpProxy } from './proxy.ts'

/** What the server did, and the connections it has. */
const did: string[] = []
const serverSockets = new Set<Socket>()
const clients: Socket[] = []

const server = createServer((socket) => {
  serverSockets.add(socket)
  socket.on('close', () => serverSockets.delete(socket))
  socket.on('error', () => undefined)
  socket.on('data', (data: Buffer) => {
    for (const line of data.toString().trim().split('\n')) {
      did.push(line)
      socket.write(`did ${line}\n`)
    }
  })
})

let url = ''
let proxy: TcpProxy

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  url = `test://user:word@127.0.0.1:${address.port}/x?y=1`
})
beforeEach(async () => {
  proxy = await TcpProxy.open(url)
  did.length = 0
})
afterEach(async () => {
  await proxy.close()
  for (const client of clients.splice(0)) client.destroy()
})
after(() => server.close())

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(proxy.through(url))
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  clients.push(socket)
  await once(socket, 'connect')
  return socket
}

/** What comes back, `broken` or `nothing` within a moment. */
async function ask(socket: Socket, line: string, within = 300): Promise<string> {
  const answer = once(socket, 'data').then(([data]) => (data as Buffer).toString().trim())
  const broken = new Promise<string>((resolve) => socket.once('close', () => resolve('broken')))
  answer.catch(() => undefined)
  if (line !== '') socket.write(`${line}\n`)
  return Promise.race([answer.catch(() => broken), broken, sleep(within, 'nothing')])
}

const until = async (holds: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !holds(); i++) await sleep(10)
  assert.ok(holds())
}

test('bytes go both ways, the URL keeps everything but its place, connections are counted', async () => {
  assert.equal(proxy.through(url), `test://user:word@127.0.0.1:${proxy.port}/x?y=1`)
  const [one, two] = [await open(), await open()]
  assert.deepEqual([await ask(one, 'a'), await ask(two, 'b')], ['did a', 'did b'])
  assert.deepEqual([proxy.open, proxy.accepted], [2, 2])
  one.end()
  await until(() => proxy.open === 1 && serverSockets.size === 1)
})

test('cut: both sides see it break, a new connection is good', async () => {
  const socket = await open()
  await ask(socket, 'a')
  const broken = ask(socket, '')
  proxy.cut()
  assert.equal(await broken, 'broken')
  await until(() => proxy.open === 0 && serverSockets.size === 0)
  assert.equal(await ask(await open(), 'b'), 'did b')
})

test('refuse: open ones stay, new ones are refused until it accepts again on the same port', async () => {
  const socket = await open()
  await ask(socket, 'a')
  await proxy.refuse()
  assert.equal(await ask(socket, 'b'), 'did b')
  await assert.rejects(open(), { code: 'ECONNREFUSED' })
  await proxy.accept()
  assert.equal(await ask(await open(), 'c'), 'did c')
})

test('delay: each way by itself, in order, and no longer after heal', async () => {
  const socket = await open()
  await ask(socket, 'a')
  proxy.delay({ toClient: 80 })
  const since = performance.now()
  assert.equal(await ask(socket, 'b'), 'did b')
  assert.ok(performance.now() - since >= 75)
  proxy.delay({ toServer: 5_000 })
  assert.equal(await ask(socket, 'c', 100), 'nothing')
  assert.deepEqual(did, ['a', 'b'])
  proxy.heal()
  assert.equal(await ask(await open(), 'd'), 'did d')
})

test('silence: accepted, and nothing comes or arrives; what was silent stays so', async () => {
  const old = await open()
  await ask(old, 'a')
  proxy.silence()
  const young = await open()
  assert.deepEqual([await ask(old, 'b', 100), await ask(young, 'c', 100)], ['nothing', 'nothing'])
  proxy.heal()
  assert.equal(await ask(old, 'd', 100), 'nothing')
  assert.equal(await ask(await open(), 'e'), 'did e')
  assert.deepEqual(did, ['a', 'e'])
})

test('half open: the server has dropped it, the client does not know', async () => {
  const socket = await open()
  await ask(socket, 'a')
  proxy.halfOpen()
  await until(() => serverSockets.size === 0)
  assert.equal(await ask(socket, 'b', 100), 'nothing')
  assert.equal(proxy.open, 1)
  socket.end()
  await until(() => proxy.open === 0)
  assert.equal(await ask(await open(), 'c'), 'did c')
})

for (const [end, seen] of [
  ['cut', 'broken'],
  ['hang', 'nothing'],
] as const) {
  test(`a lost reply, then ${end}: it was done once, and the client hears nothing of it`, async () => {
    const socket = await open()
    proxy.loseReply({ when: (request) => request.includes('pay'), end })
    assert.equal(await ask(socket, 'look'), 'did look')
    assert.equal(await ask(socket, 'pay'), seen)
    assert.deepEqual(did, ['look', 'pay'])
    assert.equal(await ask(await open(), 'pay'), 'did pay')
    assert.equal(proxy.lost, 1)
  })
}
