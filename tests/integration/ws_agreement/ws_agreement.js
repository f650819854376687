// SPDX-License-Identifier: MIT
// The daemon's WebSocket codec against npm's ws, in memory: ws answers the daemon's own handshake, with every setting of permessage-deflate,
// and what it then sends, in all sizes at the borders and all fragmentations, ws_mirror must read as it was meant, wherever the stream is
// cut. What the daemon writes ws must read, likewise.
//
// usage: node ws_agreement.js WS_MIRROR NODE_MODULES [SEED]
'use strict';

const assert = require('node:assert');
const http = require('node:http');
const path = require('node:path');
const {spawnSync} = require('node:child_process');
const {Duplex} = require('node:stream');
const {createRequire} = require('node:module');

const [mirror, modules, givenSeed] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), 'engine.io', 'any.js'));
const {WebSocketServer} = load('ws');

const seed = givenSeed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(givenSeed);
let state = seed;
function below(end) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}

// What socket.io passes on as perMessageDeflate. `threshold` 0: every message is compressed.
const DEFLATES = [
  false,
  {threshold: 0},
  {},
  {threshold: 0, serverNoContextTakeover: true},
  {threshold: 0, clientNoContextTakeover: true},
  {threshold: 0, serverMaxWindowBits: 9},
  {threshold: 0, serverMaxWindowBits: 12, serverNoContextTakeover: true},
  {threshold: 0, serverMaxWindowBits: 15, clientMaxWindowBits: 8},
  {threshold: 0, clientMaxWindowBits: 15, clientNoContextTakeover: true, serverNoContextTakeover: true},
  {threshold: 0, zlibDeflateOptions: {level: 0}},
  {threshold: 0, zlibDeflateOptions: {level: 9, memLevel: 1}},
];

// Where a length takes another form, where ws begins to compress, where a buffer of ours is full, and their neighbours.
const SIZES = [0, 1, 2, 3, 124, 125, 126, 127, 128, 300, 1023, 1024, 16383, 16384, 16385, 65534, 65535, 65536, 65537, 70_000];

// ---- bytes

function frame(kind, bytes) {
  const head = Buffer.alloc(5);
  head.writeUInt32LE(bytes.length, 0);
  head[4] = kind.charCodeAt(0);
  return Buffer.concat([head, bytes]);
}

function ask(mode, frames = []) {
  const run = spawnSync(mirror, [mode], {input: Buffer.concat(frames), maxBuffer: 2 ** 30});
  assert.strictEqual(run.status, 0, `ws_mirror ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return run.stdout;
}

const WORDS = Buffer.from('{"roomId":"shop-7","예약":"확정되었습니다"},');

// Neither all noise nor all repetition; a text is UTF-8, however long.
function content(size, text) {
  const out = Buffer.alloc(size, 'x');
  for (let at = 0; at + WORDS.length <= size; at += WORDS.length + below(8)) WORDS.copy(out, at);
  if (!text) for (let i = below(5); i < size; i += 1 + below(40)) out[i] = below(256);
  return out;
}

// ---- a connection in memory

class Wire extends Duplex {
  constructor() {
    super();
    this.sent = [];
  }
  _read() {}
  _write(chunk, encoding, done) {
    this.sent.push(chunk);
    done();
  }
  take() {
    const bytes = Buffer.concat(this.sent);
    this.sent = [];
    return bytes;
  }
}

const REQUEST = ask('request');

// A connection that the daemon's request has opened; `response`: what ws said to it.
function connect(perMessageDeflate) {
  return new Promise((resolve, reject) => {
    const wire = new Wire();
    const server = http.createServer();
    const sockets = new WebSocketServer({server, perMessageDeflate});
    sockets.on('wsClientError', reject);
    sockets.on('connection', (socket) => {
      socket.on('error', () => {});
      setImmediate(() => resolve({wire, socket, response: wire.take()}));
    });
    server.emit('connection', wire);
    wire.push(REQUEST);
  });
}

// ---- what ws sends

// A message's sizes of fragments.
function fragmentations(size) {
  if (size <= 5) return compositions(size).flatMap((parts) => [parts, [0, ...parts], [...parts, 0]]);
  const half = size >> 1;
  return [[size], [0, size], [size, 0], [1, size - 1], [size - 1, 1], [half, 0, size - half], [1, half, size - half - 1]];
}

// All ways to write a number as a sum, in order.
function compositions(size) {
  if (size === 0) return [[0]];
  const out = [[size]];
  for (let first = 1; first < size; ++first) for (const rest of compositions(size - first)) out.push([first, ...rest]);
  return out;
}

const CLOSES = [[1000, 'bye'], [1001, ''], [1005, undefined], [1011, '예약'], [4999, 'r'.repeat(123)]];

function sendMessage(socket, data, binary, parts) {
  const sent = [];
  let at = 0;
  parts.forEach((size, i) => {
    const fin = i + 1 === parts.length;
    sent.push(new Promise((resolve, reject) => {
      socket.send(data.subarray(at, at + size), {binary, fin}, (error) => (error ? reject(error) : resolve()));
    }));
    at += size;
    if (!fin) socket.ping(`between ${i}`);
  });
  return Promise.all(sent);
}

// With pings inside the message, and behind it another one for which a window that is kept has something to refer to.
async function conversation(deflate, size, binary, parts) {
  const {wire, socket, response} = await connect(deflate);
  const data = content(size, !binary);
  const [code, reason] = CLOSES[below(CLOSES.length)];
  await sendMessage(socket, data, binary, parts);
  await sendMessage(socket, WORDS, false, [WORDS.length]);
  if (code === 1005) socket.close(); else socket.close(code, reason);
  const pings = parts.slice(1).map((_, i) => ['ping', `between ${i}`]);
  const stream = wire.take();
  socket.terminate();
  const items = [...pings, [binary ? 'binary' : 'text', data], ['text', WORDS], [`close ${code}`, reason ?? '']];
  return {response, stream, items: items.map(([kind, bytes]) => [kind, Buffer.from(bytes).toString('hex')])};
}

async function agreeOnWhatWsSends() {
  const cases = [];
  for (const deflate of DEFLATES) {
    for (const size of SIZES) {
      for (const parts of fragmentations(size)) {
        const binary = below(2) === 0;
        cases.push({name: JSON.stringify({deflate, binary, parts}), ...await conversation(deflate, size, binary, parts)});
      }
    }
  }
  const frames = cases.flatMap(({response, stream}) => [frame('h', response), frame('s', stream)]);
  const lines = ask('read', frames).toString().split('\n').slice(0, -1).map((line) => JSON.parse(line));
  assert.strictEqual(lines.length, cases.length);
  cases.forEach(({name, items}, i) => {
    assert.strictEqual(lines[i].differs, undefined, name);
    assert.deepStrictEqual(lines[i].items, items, name);
  });
  const compressed = cases.filter(({response}) => response.includes('permessage-deflate')).length;
  assert.ok(compressed > cases.length / 2 && compressed < cases.length, 'with compression and without');
  return cases.length;
}

// ---- what the daemon writes

function written() {
  const messages = SIZES.flatMap((size) => [['t', content(size, true)], ['b', content(size, false)]]);
  const pongs = [0, 1, 124, 125].map((size) => ['o', content(size, true)]);
  const closes = CLOSES.map(([code, reason]) => ['c', Buffer.from([code >> 8, code & 255, ...Buffer.from(reason ?? '')])]);
  const records = [...messages, ...pongs, ...closes];
  let rest = ask('write', records.map(([kind, bytes]) => frame(kind, bytes)));
  return records.map(([kind, bytes]) => {
    const size = rest.readUInt32LE(0);
    const item = {kind, bytes, frame: rest.subarray(5, 5 + size)};
    rest = rest.subarray(5 + size);
    return item;
  });
}

// What ws makes of these pieces; a text behind them, which nobody cuts, ends the wait unless they close the connection.
async function readByWs(deflate, pieces, last) {
  const {wire, socket} = await connect(deflate);
  const seen = [];
  const ended = new Promise((resolve) => {
    socket.on('message', (data, binary) => {
      if (!binary && data.toString() === 'last') return resolve();
      seen.push([binary ? 'b' : 't', data]);
    });
    socket.on('pong', (data) => seen.push(['o', data]));
    socket.on('close', (code, reason) => {
      seen.push(['c', Buffer.concat([Buffer.from([code >> 8, code & 255]), reason])]);
      resolve();
    });
    socket.on('error', (error) => {
      seen.push(['error', error.message]);
      resolve();
    });
  });
  for (const piece of [...pieces, last]) {
    wire.push(Buffer.from(piece)); // ws unmasks in place
    await new Promise(setImmediate);
  }
  wire.push(null);
  await ended;
  socket.terminate();
  return seen;
}

async function agreeOnWhatIsWritten() {
  const all = written();
  const [last] = [ask('write', [frame('t', Buffer.from('last'))]).subarray(5)];
  let readings = 0;
  for (const deflate of [false, {threshold: 0}, {clientMaxWindowBits: 9, clientNoContextTakeover: true}]) {
    for (const {kind, bytes, frame: whole} of all) {
      const cuts = [...Array(Math.min(whole.length, 20)).keys(), whole.length - 1, whole.length];
      for (const at of new Set(deflate ? [0, 1 + below(whole.length)] : cuts)) {
        const seen = await readByWs(deflate, [whole.subarray(0, at), whole.subarray(at)].filter((piece) => piece.length > 0), last);
        assert.deepStrictEqual(seen, [[kind, bytes]], `${kind} of ${bytes.length} bytes cut at ${at}, ${JSON.stringify(deflate)}`);
        ++readings;
      }
    }
  }
  return readings;
}

async function main() {
  console.log(`seed ${seed}`);
  const read = await agreeOnWhatWsSends();
  const written = await agreeOnWhatIsWritten();
  console.log(`${read} conversations of ws read alike wherever they are cut, ${written} readings of ours by ws: agreed`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
