// Snapshots as both SDK generations take, list, start and delete them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox, Sandbox } from './client.mjs'

test('a snapshot is started any number of times, and the original goes on', async () => {
  const sandbox = await createSandbox()
  await sandbox.files.write('/home/user/file', 'then')
  await sandbox.commands.run('sleep 1000', { background: true, timeoutMs: 0 })
  const { snapshotId } = await sandbox.createSnapshot()
  try {
    await sandbox.files.write('/home/user/file', 'now')
    for (let count = 0; count < 2; count++) {
      const copy = await createSandbox({ envs: { COUNT: String(count) } }, snapshotId)
      assert.notEqual(copy.sandboxId, sandbox.sandboxId)
      assert.equal(await copy.files.read('/home/user/file'), 'then')
      assert.equal((await copy.commands.run('pgrep -xc sleep; echo $COUNT; echo $E2B_SANDBOX_ID')).stdout, `1\n${count}\n${copy.sandboxId}\n`)
      await copy.kill()
    }
    assert.equal(await sandbox.files.read('/home/user/file'), 'now')
    assert.equal((await sandbox.commands.run('pgrep -xc sleep')).stdout, '1\n')
  } finally {
    await Sandbox.deleteSnapshot(snapshotId)
  }
})

test('snapshots are listed by sandbox, page by page, and deleted once', async () => {
  const sandbox = await createSandbox()
  const taken = []
  for (let count = 0; count < 3; count++) taken.unshift((await sandbox.createSnapshot()).snapshotId)
  const seen = []
  const pages = Sandbox.listSnapshots({ sandboxId: sandbox.sandboxId, limit: 2 })
  while (pages.hasNext) seen.push(...(await pages.nextItems()))
  assert.deepEqual(seen.map(snapshot => snapshot.snapshotId), taken)
  for (const snapshotId of taken) assert.equal(await Sandbox.deleteSnapshot(snapshotId), true)
  assert.equal(await Sandbox.deleteSnapshot(taken[0]), false)
  assert.deepEqual(await Sandbox.listSnapshots({ sandboxId: sandbox.sandboxId }).nextItems(), [])
  await assert.rejects(Sandbox.create(taken[0]), /404/)
})
