import assert from 'node:assert/strict'
import test, { before } from 'node:test'
import { createSandbox, sdk, until } from './client.mjs'

let sandbox
before(async () => { sandbox = await createSandbox() })

test('a command gives its output, error output and exit code', async () => {
  const result = await sandbox.commands.run('echo out; echo err >&2')
  assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['out\n', 'err\n', 0])
})

test('a failing command throws with its exit code and output', async () => {
  await assert.rejects(sandbox.commands.run('echo partial; exit 3'), error =>
    error instanceof sdk.CommandExitError && error.exitCode === 3 && error.stdout === 'partial\n')
})

test('an unknown command is exit code 127', async () => {
  await assert.rejects(sandbox.commands.run('no-such-command-anywhere'), error => error.exitCode === 127 && /not found/.test(error.stderr))
})

test('commands run as user, or as who is named', async () => {
  assert.equal((await sandbox.commands.run('whoami; pwd')).stdout, 'user\n/home/user\n')
  assert.equal((await sandbox.commands.run('whoami; pwd', { user: 'root' })).stdout, 'root\n/root\n')
  assert.equal((await sandbox.commands.run('sudo whoami')).stdout, 'root\n')
})

test('cwd is honoured, relative to home too, and a missing one is an error', async () => {
  assert.equal((await sandbox.commands.run('pwd', { cwd: '/usr' })).stdout, '/usr\n')
  await sandbox.commands.run('mkdir -p /home/user/below')
  assert.equal((await sandbox.commands.run('pwd', { cwd: '~/below' })).stdout, '/home/user/below\n')
  await assert.rejects(sandbox.commands.run('pwd', { cwd: '/no/such/place' }), /does not exist/)
})

test('a deleted or closed working directory is an error', async () => {
  await sandbox.commands.run('mkdir -m 700 -p /root/closed', { user: 'root' })
  await assert.rejects(sandbox.commands.run('pwd', { cwd: '/root/closed' }), error => error instanceof sdk.InvalidArgumentError)
})

test('per-command environment does not leak into later commands or through sudo', async () => {
  assert.equal((await sandbox.commands.run('echo $LEAK', { envs: { LEAK: 'x' } })).stdout, 'x\n')
  assert.equal((await sandbox.commands.run('echo "[$LEAK]"')).stdout, '[]\n')
  assert.equal((await sandbox.commands.run("sudo printenv LEAK || echo none", { envs: { LEAK: 'x' } })).stdout, 'none\n')
})

test('output arrives while the command runs', async () => {
  const seen = []
  let first
  const arrived = new Promise(resolve => { first = resolve })
  const handle = await sandbox.commands.run('echo one; read -r line; echo got $line', {
    background: true, stdin: true, onStdout: text => { seen.push(text); first() },
  })
  await arrived
  assert.deepEqual(seen, ['one\n'])
  await sandbox.commands.sendStdin(handle.pid, 'two\n')
  const result = await handle.wait()
  assert.equal(result.stdout, 'one\ngot two\n')
})

test('stdin is echoed exactly, and closing it ends the command', async () => {
  const handle = await sandbox.commands.run('cat', { background: true, stdin: true })
  await sandbox.commands.sendStdin(handle.pid, 'exactly\tthis é\n')
  await until(() => handle.stdout.length > 0, 'the echo')
  await sandbox.commands.closeStdin(handle.pid)
  const result = await handle.wait()
  assert.deepEqual([result.stdout, result.exitCode], ['exactly\tthis é\n', 0])
})

test('without stdin a read ends at once', async () => {
  await assert.rejects(sandbox.commands.run('read -r line'), error => error.exitCode === 1)
})

test('a background command is listed, connected to by others, and killed', async () => {
  const handle = await sandbox.commands.run('sleep 30 && echo done', { background: true })
  const listed = (await sandbox.commands.list()).find(p => p.pid === handle.pid)
  assert.ok(listed)
  assert.equal(listed.cmd, '/bin/bash')
  const other = await sandbox.commands.connect(handle.pid)
  assert.equal(await handle.kill(), true)
  await assert.rejects(other.wait(), error => error instanceof sdk.CommandExitError && error.exitCode !== 0)
  await assert.rejects(handle.wait())
  await until(async () => !(await sandbox.commands.list()).some(p => p.pid === handle.pid), 'it left the list')
  await assert.rejects(sandbox.commands.run(`kill -0 ${handle.pid}`))
})

test('killing an unknown process is false', async () => {
  assert.equal(await sandbox.commands.kill(999_999), false)
})

test('a command past its timeout is a timeout error, inline and in the background', async () => {
  await assert.rejects(sandbox.commands.run('sleep 10', { timeoutMs: 1_000 }), error => error instanceof sdk.TimeoutError)
  const handle = await sandbox.commands.run('sleep 10', { timeoutMs: 1_000, background: true })
  await assert.rejects(handle.wait(), error => error instanceof sdk.TimeoutError)
})

test('an exited command can still be connected to for its exit code', async () => {
  const handle = await sandbox.commands.run('exit 7', { background: true })
  await assert.rejects(handle.wait(), error => error.exitCode === 7)
  const late = await sandbox.commands.connect(handle.pid)
  await assert.rejects(late.wait(), error => error.exitCode === 7)
})

test('1 MiB of output arrives complete', async () => {
  const result = await sandbox.commands.run("head -c 1048576 /dev/zero | tr '\\0' x")
  assert.equal(result.stdout.length, 1_048_576)
  assert.ok(!/[^x]/.test(result.stdout))
})

test('fifty commands at once are all right', async () => {
  const results = await Promise.all(Array.from({ length: 50 }, (_, i) => sandbox.commands.run(`echo ${i}`)))
  assert.deepEqual(results.map(r => r.stdout), Array.from({ length: 50 }, (_, i) => `${i}\n`))
})

test('python and node and pip are there', async () => {
  await sandbox.files.write('/home/user/hello.py', "print('Hello world')")
  assert.equal((await sandbox.commands.run('python3 /home/user/hello.py; python /home/user/hello.py')).stdout, 'Hello world\nHello world\n')
  const { stdout } = await sandbox.commands.run('node --version; npm --version; git --version; curl --version | head -1; gcc --version | head -1; pip --version')
  assert.match(stdout, /^v2\d/)
})
