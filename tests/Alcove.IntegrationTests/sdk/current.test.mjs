// What only the current SDK generation can ask for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox, sdk, until } from './client.mjs'

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
