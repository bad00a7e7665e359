// Pause and resume as both SDK generations do them: what runs inside goes on where it was.
import assert from 'node:assert/strict'
import test from 'node:test'
import { createSandbox, sdk, Sandbox, until, urlOf } from './client.mjs'

const rounds = Number(process.env.ALCOVE_TEST_ROUNDS ?? 3)
const bytes = text => new TextEncoder().encode(text)
const out = async (sandbox, command, options) => (await sandbox.commands.run(command, options)).stdout

async function resume(sandbox) {
  const again = await Sandbox.connect(sandbox.sandboxId, { timeoutMs: 300_000 })
  assert.equal(again.sandboxId, sandbox.sandboxId)
  return again
}

const server = (host, port, name) => `
import http.server, os
class H(http.server.BaseHTTPRequestHandler):
    seen = 0
    def do_GET(self):
        H.seen += 1
        self.send_response(200); self.end_headers()
        self.wfile.write(f'${name} {os.getpid()} {H.seen}'.encode())
    def log_message(self, *_): pass
http.server.HTTPServer(('${host}', ${port}), H).serve_forever()
`

/** 200 MB of memory that is hashed when asked, and checked against what it was. */
const memory = `
import hashlib, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
piece = os.urandom(1 << 20)
data = bytearray(200 << 20)
for at in range(0, len(data), len(piece)): data[at:at + len(piece)] = piece
open('/home/user/live/memory', 'w').close()
while True:
    signal.sigwait([signal.SIGUSR1])
    open('/home/user/hash.new', 'w').write(hashlib.sha1(data).hexdigest()); os.rename('/home/user/hash.new', '/home/user/hash')
`

/** Every file's name, size, time and owner, and what the small ones, nearly all, say; but what the host gives it anew in each run. */
const diskHash = [
  "sudo find / -xdev \\( -path /home/user/live -o -path /home/user/hash -o -path /run -o -path /etc/machine-id \\) -prune -o -type f -printf '%p %s %T@ %m %U\\n' | sort > /dev/shm/list",
  "grep -v ' [0-9]\\{6,\\} [0-9.]* [0-7]* [0-9]*$' /dev/shm/list | sed 's/ [0-9]* [0-9.]* [0-7]* [0-9]*$//' | tr '\\n' '\\0' | xargs -0 sudo cat >> /dev/shm/list 2>/dev/null",
  'sha1sum < /dev/shm/list; rm /dev/shm/list',
].join('; ')

async function background(sandbox, program, name) {
  await sandbox.files.write(`/home/user/${name}.py`, program)
  return sandbox.commands.run(`python3 /home/user/${name}.py`, { background: true, timeoutMs: 0 })
}

async function memoryHash(sandbox) {
  return out(sandbox, 'rm -f hash; pkill -USR1 -f "^python3 /home/user/memory.py"; until [ -e hash ]; do sleep 0.02; done; cat hash')
}

test('pause and connect keep files, processes and connection details', async () => {
  const sandbox = await createSandbox({ metadata: { kept: 'yes' } })
  await sandbox.files.write('/home/user/file', 'written')
  await sandbox.commands.run('sleep 1000', { background: true, timeoutMs: 0 })
  assert.equal(await sandbox.pause(), true)
  assert.equal(await sandbox.pause(), false)
  assert.equal(await sandbox.isRunning(), false)
  const info = await sandbox.getInfo()
  assert.equal(info.state, 'paused')
  assert.deepEqual((await Sandbox.list({ query: { metadata: { kept: 'yes' }, state: ['paused'] } }).nextItems()).map(s => s.sandboxId), [sandbox.sandboxId])

  const again = await resume(sandbox)
  assert.equal(await again.isRunning(), true)
  assert.equal(await again.files.read('/home/user/file'), 'written')
  assert.equal(await out(again, 'pgrep -xc sleep'), '1\n')
  assert.ok((await again.getInfo()).startedAt > info.startedAt)
  assert.equal(await out(sandbox, 'echo the old object works too'), 'the old object works too\n')
})

test('pausing or connecting to what is not there is not found, and kill of a paused one is true once', async () => {
  const sandbox = await createSandbox()
  await sandbox.pause()
  assert.equal(await Sandbox.kill(sandbox.sandboxId), true)
  assert.equal(await Sandbox.kill(sandbox.sandboxId), false)
  await assert.rejects(Sandbox.connect(sandbox.sandboxId), error => error instanceof sdk.NotFoundError)
  await assert.rejects(sandbox.pause(), error => error instanceof sdk.NotFoundError)
})

test('round after round, whatever ran goes on and every byte is there', async () => {
  let sandbox = await createSandbox({ timeoutMs: 600_000 })
  await sandbox.commands.run("mkdir live; nohup bash -c 'n=0; while :; do n=$((n+1)); echo $n > live/count.new; mv live/count.new live/count; sleep 0.02; done' >/dev/null 2>&1 &")
  await background(sandbox, server('0.0.0.0', 8000, 'everywhere'), 'everywhere')
  await background(sandbox, server('169.254.0.21', 8001, 'own'), 'own')
  await background(sandbox, memory, 'memory')
  await sandbox.commands.run("python3 -c \"open('/home/user/blob', 'wb').write(__import__('os').urandom(3000000))\"")
  const terminal = await sandbox.pty.create({ cols: 80, rows: 24, timeoutMs: 0, onData: () => {} })
  await sandbox.pty.sendInput(terminal.pid, bytes('exec python3 -q\n'))
  await sandbox.pty.sendInput(terminal.pid, bytes("import os; os.chdir('/tmp'); rounds = 0\n"))
  await sandbox.commands.run('mkdir watched; nohup python3 -c "' + [
    'import ctypes, os',
    'libc = ctypes.CDLL(None)',
    'watch = libc.inotify_init()',
    "libc.inotify_add_watch(watch, b'/home/user/watched', 0x100)",
    "open('/home/user/live/watching', 'w').close()",
    "while os.read(watch, 4096): open('/home/user/live/seen', 'a').write('seen\\\\n')",
  ].join('\n') + '" >/dev/null 2>live/watch.err &')
  await until(async () => (await out(sandbox, 'ls live')).includes('watching'), 'the watcher runs')
  await until(async () => (await out(sandbox, 'ls live')).includes('memory'), 'the memory is filled')
  const [disk, held] = [await out(sandbox, diskHash), await memoryHash(sandbox)]
  const pids = []
  for (const port of [8000, 8001]) pids.push(await until(async () => {
    const answer = await fetch(urlOf(sandbox, port))
    return answer.status === 200 && (await answer.text()).split(' ')[1]
  }, `port ${port}`))
  let count = 0

  for (let round = 1; round <= rounds; round++) {
    await sandbox.pause()
    sandbox = await resume(sandbox)

    assert.equal(await out(sandbox, diskHash), disk, `the disk in round ${round}`)
    assert.equal(await memoryHash(sandbox), held, `the memory in round ${round}`)
    for (const [index, port] of [8000, 8001].entries()) {
      const [, pid, seen] = (await (await fetch(urlOf(sandbox, port))).text()).split(' ')
      assert.equal(pid, pids[index])
      assert.ok(Number(seen) > round, `port ${port} has counted ${seen}`)
    }
    let printed = ''
    const decoder = new TextDecoder()
    const connected = await sandbox.pty.connect(terminal.pid, { timeoutMs: 0, onData: data => { printed += decoder.decode(data, { stream: true }) } })
    await sandbox.pty.sendInput(terminal.pid, bytes('rounds += 1; print("rounds", rounds, os.getcwd())\n'))
    await until(() => printed.includes(`rounds ${round} /tmp`), 'the REPL goes on')
    await connected.disconnect()
    await sandbox.commands.run(`touch watched/${round}`)
    await until(async () => (await out(sandbox, 'wc -l < live/seen')).trim() === String(round), 'the watcher sees')
    await sandbox.commands.run(`rm watched/${round}`)
    const before = count
    count = await until(async () => { const now = Number(await out(sandbox, 'cat live/count')); return now > before && now }, 'the counter goes on')
  }
})

test('what was written in each round is there in the next', async () => {
  let sandbox = await createSandbox()
  for (let round = 0; round < 3; round++) {
    await sandbox.files.write(`/home/user/round${round}`, 'x'.repeat(1000 * (round + 1)))
    await sandbox.pause()
    sandbox = await resume(sandbox)
    for (let earlier = 0; earlier <= round; earlier++) assert.equal((await sandbox.files.read(`/home/user/round${earlier}`)).length, 1000 * (earlier + 1))
  }
})

test('a command that was running when the sandbox was paused ends with an error, and can be connected to again', async () => {
  const sandbox = await createSandbox()
  let seen = ''
  const command = await sandbox.commands.run('while :; do echo tick; sleep 0.05; done', { background: true, timeoutMs: 0, onStdout: text => { seen += text } })
  await until(() => seen.includes('tick'), 'it ticks')
  const outcome = command.wait().then(() => 'finished', error => error)
  await sandbox.pause()
  const ended = await Promise.race([outcome, new Promise(resolve => setTimeout(resolve, 20_000, 'hangs'))])
  assert.ok(ended instanceof sdk.SandboxError, String(ended))

  const again = await resume(sandbox)
  let later = ''
  const connected = await again.commands.connect(command.pid, { timeoutMs: 0, onStdout: text => { later += text } })
  await until(() => later.includes('tick'), 'it ticks again')
  assert.equal(await connected.kill(), true)
})

test('a watched directory is watched again after a wake', async () => {
  const sandbox = await createSandbox()
  await sandbox.commands.run('mkdir watched')
  let exited
  const first = new Promise(resolve => { exited = resolve })
  await sandbox.files.watchDir('/home/user/watched', () => {}, { timeoutMs: 0, onExit: error => exited(error ?? 'no error') })
  await sandbox.pause()
  assert.notEqual(await Promise.race([first, new Promise(resolve => setTimeout(resolve, 20_000, 'hangs'))]), 'hangs')

  const again = await resume(sandbox)
  const events = []
  const handle = await again.files.watchDir('/home/user/watched', event => events.push(event.name), { timeoutMs: 0 })
  await again.files.write('/home/user/watched/file', 'x')
  await until(() => events.includes('file'), 'the event')
  await handle.stop()
})

test('a sandbox that pauses at its end wakes with the next command', async () => {
  const sandbox = await createSandbox({ lifecycle: { onTimeout: 'pause', autoResume: true } })
  await sandbox.files.write('/home/user/file', 'written')
  await sandbox.setTimeout(0)
  await until(async () => (await sandbox.getInfo()).state === 'paused', 'it is paused')
  assert.equal(await out(sandbox, 'cat /home/user/file'), 'written')
  const info = await sandbox.getInfo()
  assert.equal(info.state, 'running')
  assert.deepEqual(info.lifecycle, { onTimeout: 'pause', autoResume: true })
  assert.ok(Math.abs(info.endAt - info.startedAt - 300_000) < 1_000)
})

test('a sandbox that pauses at its end and does not wake by itself is connected to', async () => {
  const sandbox = await createSandbox({ lifecycle: { onTimeout: 'pause' } })
  await sandbox.files.write('/home/user/file', 'written')
  await sandbox.setTimeout(0)
  await until(async () => (await sandbox.getInfo()).state === 'paused', 'it is paused')
  await assert.rejects(sandbox.commands.run('true'))
  assert.equal((await sandbox.getInfo()).state, 'paused')
  const again = await resume(sandbox)
  assert.equal(await again.files.read('/home/user/file'), 'written')
})
