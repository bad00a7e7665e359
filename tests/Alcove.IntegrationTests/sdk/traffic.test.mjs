import assert from 'node:assert/strict'
import http from 'node:http'
import test, { before } from 'node:test'
import { createSandbox, startServer, until, urlOf } from './client.mjs'

const echo = host => `
import http from 'node:http'
import { createHash } from 'node:crypto'
let release
const server = http.createServer((request, response) => {
  if (request.url === '/slow') {
    response.write('first\\n')
    release = () => response.end('second\\n')
    return
  }
  if (request.url === '/release') release()
  response.setHeader('x-seen-url', request.url)
  response.end(JSON.stringify({ host: request.headers.host, headers: request.headers }))
})
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  socket.on('data', data => {
    const length = data[1] & 127, mask = data.subarray(2, 6), body = Buffer.from(data.subarray(6, 6 + length))
    for (let i = 0; i < length; i++) body[i] ^= mask[i % 4]
    if ((data[0] & 15) === 8) return socket.end()
    socket.write(Buffer.concat([Buffer.from([0x81, length]), body]))
  })
})
server.listen(Number(process.argv[2]), '${host}', () => console.log('listening'))
`

/** What a browser's address bar sends; fetch may not say that it navigates. */
async function navigate(url) {
  const headers = { 'user-agent': 'Mozilla/5.0', 'sec-fetch-mode': 'navigate', accept: 'text/html' }
  const answer = await new Promise((resolve, reject) => http.get(url, { headers }, resolve).on('error', reject))
  let text = ''
  for await (const part of answer.setEncoding('utf8')) text += part
  return text
}

let sandbox
before(async () => { sandbox = await createSandbox() })

test('a server in the sandbox is reached by its host name', async () => {
  await startServer(sandbox, echo('0.0.0.0'), 3000)
  const answer = await fetch(urlOf(sandbox, 3000) + '/a%2Fb?c=%20d')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('x-seen-url'), '/a%2Fb?c=%20d')
  assert.equal((await answer.json()).host, sandbox.getHost(3000))
})

async function reachedOn(host, port) {
  await startServer(sandbox, echo(host), port)
  await until(async () => (await fetch(urlOf(sandbox, port))).status === 200, `${host} answers`)
}

test('a server on every IPv6 address is reached', () => reachedOn('::', 4001))
test('a server on 127.0.0.1 is reached', () => reachedOn('127.0.0.1', 4002))
test('a server on localhost is reached', () => reachedOn('localhost', 4003))
test('a server on ::1 is reached', () => reachedOn('::1', 4004))

test('a WebSocket echoes', async () => {
  await startServer(sandbox, echo('0.0.0.0'), 3100)
  const socket = new WebSocket(`ws://${sandbox.getHost(3100)}/`)
  await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject })
  const answered = new Promise(resolve => { socket.onmessage = event => resolve(event.data) })
  socket.send('through the proxy')
  assert.equal(await answered, 'through the proxy')
  socket.close()
})

test('an answer streams to its client without waiting for its end', async () => {
  await startServer(sandbox, echo('0.0.0.0'), 3200)
  const answer = await fetch(urlOf(sandbox, 3200) + '/slow')
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  assert.equal((await reader.read()).value, 'first\n')
  assert.equal((await fetch(urlOf(sandbox, 3200) + '/release')).status, 200)
  assert.equal((await reader.read()).value, 'second\n')
  assert.equal((await reader.read()).done, true)
})

test('a closed port is 502 with the port, as JSON and as a page', async () => {
  const json = await fetch(urlOf(sandbox, 3999))
  assert.equal(json.status, 502)
  assert.deepEqual(await json.json(), { sandboxId: sandbox.sandboxId, message: 'The sandbox is running but port is not open', port: 3999, code: 502 })
  const html = await navigate(urlOf(sandbox, 3999))
  assert.ok(html.startsWith('<html') && html.endsWith('</html>') && html.includes('Closed Port Error') && html.includes('3999'))
})

test('after a kill the sandbox is not found', async () => {
  const gone = await createSandbox()
  await gone.kill()
  const answer = await fetch(urlOf(gone, 3000))
  assert.equal(answer.status, 502)
  assert.deepEqual(await answer.json(), { sandboxId: gone.sandboxId, message: 'The sandbox was not found', code: 502 })
})

test('private ingress wants the traffic token', async () => {
  const closed = await createSandbox({ network: { allowPublicTraffic: false } })
  await startServer(closed, echo('0.0.0.0'), 3000)
  assert.equal((await fetch(urlOf(closed, 3000))).status, 403)
  assert.equal((await fetch(urlOf(closed, 3000), { headers: { 'e2b-traffic-access-token': 'wrong' } })).status, 403)
  assert.equal((await fetch(urlOf(closed, 3000), { headers: { 'e2b-traffic-access-token': closed.trafficAccessToken } })).status, 200)
})

test('the Host header is masked when asked', async () => {
  const masked = await createSandbox({ network: { maskRequestHost: 'localhost:${PORT}' } })
  await startServer(masked, echo('0.0.0.0'), 8080)
  const { host, headers } = await (await fetch(urlOf(masked, 8080))).json()
  assert.equal(host, 'localhost:8080')
  assert.equal(headers['x-forwarded-host'], masked.getHost(8080))
})
