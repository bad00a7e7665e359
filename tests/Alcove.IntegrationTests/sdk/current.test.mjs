// What only the current SDK generation can ask for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox, sdk, Sandbox, until } from './client.mjs'

test('metadata is kept with a file and replaced by the next write', async () => {
  const sandbox = await createSandbox()
  await sandbox.files.write('/home/user/tagged', 'x', { metadata: { origin: 'test' } })
  assert.deepEqual((await sandbox.files.getInfo('/home/user/tagged')).metadata, { origin: 'test' })
  await sandbox.files.write('/home/user/tagged', 'y')
  assert.deepEqual((await sandbox.files.getInfo('/home/user/tagged')).metadata ?? {}, {})
})

test('killing the sandbox during a command is reported as its end of life', async () => {
  const sandbox = await createSandbox()
  const running = sandbox.commands.run('sleep 60')
  const outcome = running.then(() => 'finished', error => error)
  await until(async () => (await sandbox.commands.list()).length > 0, 'the command runs')
  await sandbox.kill()
  const error = await outcome
  assert.ok(error instanceof sdk.TimeoutError, String(error))
  assert.match(error.message, /sandbox was killed or reached its end of life|sandbox timeout/)
})

test('forks have the memory and the files of that moment, and go their own ways', async () => {
  const sandbox = await createSandbox()
  await sandbox.files.write('/home/user/file', 'shared')
  await sandbox.commands.run('sleep 1000', { background: true, timeoutMs: 0 })
  const forks = await sandbox.fork({ count: 2, timeoutMs: 60_000 })
  try {
    for (const fork of forks) {
      assert.equal(await fork.files.read('/home/user/file'), 'shared')
      assert.equal((await fork.commands.run('pgrep -xc sleep; echo $E2B_SANDBOX_ID')).stdout, `1\n${fork.sandboxId}\n`)
      await fork.files.write('/home/user/file', fork.sandboxId)
    }
    for (const fork of forks) assert.equal(await fork.files.read('/home/user/file'), fork.sandboxId)
    assert.equal(await sandbox.files.read('/home/user/file'), 'shared')
    assert.equal(new Set([sandbox, ...forks].map(each => each.sandboxId)).size, 3)
  } finally {
    for (const fork of forks) await fork.kill?.()
  }
})

test('a pause that keeps no memory boots again from the disk', async () => {
  const sandbox = await createSandbox()
  await sandbox.files.write('/home/user/file', 'written')
  const boot = () => sandbox.files.read('/proc/sys/kernel/random/boot_id')
  const before = await boot()
  assert.equal(await sandbox.pause({ keepMemory: false }), true)
  await sandbox.connect()
  assert.equal(await sandbox.files.read('/home/user/file'), 'written')
  assert.notEqual(await boot(), before)
  assert.equal((await sandbox.commands.run('whoami; pwd')).stdout, 'user\n/home/user\n')
})

test('a sandbox whose policy keeps no memory does so at every end', async () => {
  const sandbox = await createSandbox({ lifecycle: { onTimeout: { action: 'pause', keepMemory: false } } })
  const boots = new Set()
  for (let round = 0; round < 2; round++) {
    boots.add(await sandbox.files.read('/proc/sys/kernel/random/boot_id'))
    await sandbox.setTimeout(0)
    await until(async () => (await sandbox.getInfo()).state === 'paused', 'it is paused')
    await sandbox.connect({ timeoutMs: 60_000 })
  }
  boots.add(await sandbox.files.read('/proc/sys/kernel/random/boot_id'))
  assert.equal(boots.size, 3)
})

test('a named snapshot is started by its name, and the next of that name replaces it', async () => {
  const sandbox = await createSandbox()
  const name = `named-${Date.now()}-${Math.floor(Math.random() * 1e9)}`
  for (const text of ['first', 'second']) {
    await sandbox.files.write('/home/user/file', text)
    const { snapshotId } = await sandbox.createSnapshot({ name })
    assert.match(snapshotId, new RegExp(`^[^/]+/${name}:default$`))
    const copy = await createSandbox({}, name)
    assert.equal(await copy.files.read('/home/user/file'), text)
    await copy.kill()
  }
  assert.equal(await Sandbox.deleteSnapshot(name), true)
})
