import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox, sdk, Sandbox, until } from './client.mjs'

test('create answers with a sandbox whose daemon can be used at once', async () => {
  const sandbox = await createSandbox()
  assert.match(sandbox.sandboxId, /^i[a-z0-9]{20}$/)
  assert.equal((await sandbox.commands.run('echo hello')).stdout, 'hello\n')
})

test('create without a template starts base', async () => {
  const sandbox = await Sandbox.create()
  try {
    const info = await sandbox.getInfo()
    assert.equal(info.templateId, 'base')
    assert.equal(info.name, 'base')
    assert.equal(info.cpuCount, 2)
    assert.equal(info.memoryMB, 512)
  } finally {
    await sandbox.kill()
  }
})

test('details show state, metadata, times and lifecycle', async () => {
  const sandbox = await createSandbox({ metadata: { purpose: 'details', 'odd key': 'a=b&c d' } })
  const info = await sandbox.getInfo()
  assert.equal(info.sandboxId, sandbox.sandboxId)
  assert.equal(info.state, 'running')
  assert.deepEqual(info.metadata, { purpose: 'details', 'odd key': 'a=b&c d' })
  assert.ok(info.startedAt instanceof Date && info.endAt > info.startedAt)
  assert.ok(Math.abs(info.endAt - info.startedAt - 120_000) < 2_000)
})

test('an unknown template is an error that names it', async () => {
  await assert.rejects(Sandbox.create('no-such-template'), /404.*no-such-template/)
})

test('a wrong key is an authentication error', async () => {
  await assert.rejects(Sandbox.create({ apiKey: 'e2b_' + '0'.repeat(40) }), error => error instanceof sdk.AuthenticationError)
})

test('kill is true once and false afterwards, and the sandbox no longer runs', async () => {
  const sandbox = await createSandbox()
  assert.equal(await sandbox.isRunning(), true)
  assert.notEqual(await sandbox.kill(), false)
  assert.equal(await Sandbox.kill(sandbox.sandboxId), false)
  assert.equal(await sandbox.isRunning(), false)
  await assert.rejects(sandbox.getInfo(), error => error instanceof sdk.NotFoundError)
})

test('connect reaches the same sandbox', async () => {
  const sandbox = await createSandbox()
  await sandbox.files.write('/home/user/mark', 'here')
  const again = await Sandbox.connect(sandbox.sandboxId)
  assert.equal(again.sandboxId, sandbox.sandboxId)
  assert.equal(await again.files.read('/home/user/mark'), 'here')
})

test('connect never shortens and extends when longer', async () => {
  const sandbox = await createSandbox({ timeoutMs: 200_000 })
  const before = (await sandbox.getInfo()).endAt
  await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 60_000 })
  assert.equal((await sandbox.getInfo()).endAt.getTime(), before.getTime())
  await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 600_000 })
  assert.ok((await sandbox.getInfo()).endAt > before)
})

test('connect to an unknown sandbox is not found', async () => {
  await assert.rejects(Sandbox.connect('i' + 'z'.repeat(20)), error => error instanceof sdk.NotFoundError)
})

test('setTimeout extends and shortens, and 0 ends the sandbox', async () => {
  const sandbox = await createSandbox({ timeoutMs: 60_000 })
  await sandbox.setTimeout(300_000)
  const { endAt } = await sandbox.getInfo()
  assert.ok(endAt - Date.now() > 290_000 && endAt - Date.now() < 301_000)
  await sandbox.setTimeout(30_000)
  assert.ok((await sandbox.getInfo()).endAt - Date.now() < 31_000)
  await sandbox.setTimeout(0)
  await until(async () => !(await sandbox.isRunning()), 'the sandbox ended')
})

test('a timeout beyond the team limit is refused', async () => {
  await assert.rejects(Sandbox.create({ timeoutMs: 25 * 3600_000 }), /Timeout cannot be greater than 24 hours/)
})

test('list filters by metadata and pages without loss or repetition', async () => {
  const mark = `page-${Date.now()}-${Math.random()}`
  const made = []
  for (let i = 0; i < 3; i++) made.push(await createSandbox({ metadata: { mark, number: String(i) } }))
  const seen = []
  const pages = Sandbox.list({ query: { metadata: { mark } }, limit: 1 })
  while (pages.hasNext) seen.push(...(await pages.nextItems()))
  assert.deepEqual(seen.map(s => s.sandboxId), made.map(s => s.sandboxId).reverse())
  assert.equal(seen[0].state, 'running')
  assert.equal(seen[0].metadata.number, '2')

  const one = await Sandbox.list({ query: { metadata: { mark, number: '1' }, state: ['running'] } }).nextItems()
  assert.deepEqual(one.map(s => s.sandboxId), [made[1].sandboxId])
})

test('environment variables of the sandbox are there, and a command can override them for itself', async () => {
  const sandbox = await createSandbox({ envs: { FOO: 'sandbox', OTHER: 'kept' } })
  assert.equal((await sandbox.commands.run('echo $FOO $OTHER $E2B_SANDBOX')).stdout, 'sandbox kept true\n')
  assert.equal((await sandbox.commands.run('echo $FOO', { envs: { FOO: 'command' } })).stdout, 'command\n')
  assert.equal((await sandbox.commands.run('echo $FOO; echo $E2B_SANDBOX_ID')).stdout, `sandbox\n${sandbox.sandboxId}\n`)
})

test('a secured sandbox refuses its daemon without the token', async () => {
  const sandbox = await createSandbox()
  const answer = await fetch(`${process.env.E2B_SANDBOX_URL}/files?path=/etc/hostname`, {
    headers: { 'E2b-Sandbox-Id': sandbox.sandboxId, 'E2b-Sandbox-Port': '49983' },
  })
  assert.equal(answer.status, 401)
  assert.equal(await sandbox.files.read('/etc/hostname'), 'e2b.local\n')
})
