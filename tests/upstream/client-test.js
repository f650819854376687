// SPDX-License-Identifier: MIT
// Drives booking-server with the reference client, so that one misreading of the protocol cannot hide in the test upstream and the daemon alike.
// usage: node client-test.js BOOKING_SERVER NODE_MODULES
'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const test = require('node:test');

const [program, modules] = process.argv.slice(2);
const { io } = require(path.resolve(modules, 'socket.io-client'));
const WebSocket = require(path.resolve(modules, 'ws'));

// A booking-server of its own for each test. What it prints is kept until a test asks for it, so that nothing is missed.
class Server {
  static async start(...options) {
    const server = new Server();
    server.process = spawn(program, ['--port', '0', '--json', '--token', 'good=42', ...options], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    server.seen = [];
    server.waiting = [];
    readline.createInterface({ input: server.process.stdout }).on('line', (line) => {
      server.seen.push(JSON.parse(line));
      server.serve();
    });
    server.port = (await server.saw({ what: 'listening' })).port;
    server.url = `http://127.0.0.1:${server.port}`;
    return server;
  }

  // The first report not yet taken that has these members.
  saw(members) {
    return new Promise((resolve) => {
      this.waiting.push({ members, resolve });
      this.serve();
    });
  }

  serve() {
    this.waiting = this.waiting.filter(({ members, resolve }) => {
      const at = this.seen.findIndex((seen) => Object.entries(members).every(([key, value]) => seen[key] === value));
      if (at >= 0) resolve(this.seen.splice(at, 1)[0]);
      return at < 0;
    });
  }

  command(line) {
    this.process.stdin.write(line + '\n');
  }

  async stop() {
    this.command('stop');
    const [status] = await once(this.process, 'exit');
    assert.strictEqual(status, 0);
  }
}

// Runs `body` with a server and a function that connects the reference client to it; ends all of them, also when it fails or hangs.
function serverTest(name, body, options = []) {
  test(name, { timeout: 20_000 }, async (t) => {
    const server = await Server.start(...options);
    const sockets = [];
    t.after(() => {
      for (const socket of sockets) socket.disconnect();
      server.process.kill();
    });
    await body(server, (nsp = '/', more = {}) => {
      const socket = io(server.url + nsp, { transports: ['websocket'], forceNew: true, reconnectionDelay: 10, ...more });
      sockets.push(socket);
      return socket;
    });
    await server.stop();
  });
}

const next = (socket, event) => new Promise((resolve) => socket.once(event, (...args) => resolve(args)));

async function logIn(socket) {
  await next(socket, 'connect');
  const answer = next(socket, 'auth_success');
  socket.emit('authenticate', { token: 'good' });
  return (await answer)[0];
}

async function join(server, socket, roomId) {
  socket.emit('join_room', { roomId, userId: '42' });
  await server.saw({ what: 'joined', name: roomId });
}

serverTest('a good token is answered with the user', async (server, connect) => {
  assert.strictEqual((await logIn(connect())).userId, '42');
  assert.strictEqual((await server.saw({ what: 'authenticated' })).name, '42');
});

serverTest('a wrong token is refused, and the right one may follow', async (server, connect) => {
  const socket = connect();
  await next(socket, 'connect');
  const refusal = next(socket, 'auth_error');
  socket.emit('authenticate', { token: 'bad' });
  assert.deepStrictEqual(await refusal, [{ message: 'invalid token' }]);
  const answer = next(socket, 'auth_success');
  socket.emit('authenticate', { token: 'good' });
  await answer;
});

serverTest('a token may come with CONNECT', async (server, connect) => {
  connect('/', { auth: { token: 'good' } });
  await server.saw({ what: 'authenticated', name: '42' });
  const [error] = await next(connect('/', { auth: { token: 'bad' } }), 'connect_error');
  assert.strictEqual(error.message, 'invalid token');
});

serverTest('rooms decide who gets an event', async (server, connect) => {
  const [inside, outside] = [connect(), connect()];
  await Promise.all([logIn(inside), logIn(outside)]);
  await join(server, inside, 'shop-7');
  outside.on('notification', (what) => assert.notStrictEqual(what.id, 1));
  const arrived = next(inside, 'notification');
  server.command('emit shop-7 notification [{"id":1,"title":"예약 알림"}, null]');
  assert.deepStrictEqual(await arrived, [{ id: 1, title: '예약 알림' }, null]);
  // What everyone gets comes later on the same connection: by then the first would have reached the outsider.
  const last = Promise.all([next(outside, 'settings_update'), next(inside, 'settings_update')]);
  server.command('emit * settings_update');
  assert.deepStrictEqual(await last, [[], []]);

  inside.emit('leave_room', { roomId: 'shop-7', userId: '42' });
  await server.saw({ what: 'left', name: 'shop-7' });
  server.command('emit shop-7 notification [{"id":2}]');
  assert.strictEqual((await server.saw({ what: 'emitted', name: 'notification', receivers: 0 })).receivers, 0);
});

serverTest('rooms want authentication', async (server, connect) => {
  const answer = await connect().emitWithAck('join_room', { roomId: 'shop-7' });
  assert.deepStrictEqual(answer, { ok: false, message: 'not authenticated' });
});

serverTest('a reservation_update reaches its rooms, the sender too, and is acknowledged', async (server, connect) => {
  const [sender, other] = [connect(), connect()];
  await Promise.all([logIn(sender), logIn(other)]);
  await join(server, sender, 'shop-7');
  await join(server, other, 'reservation-1001');
  const update = { reservationId: '1001', shopId: '7', userId: '9', updateType: 'confirmed', data: { note: '창가 자리' } };
  const arrived = Promise.all([next(sender, 'reservation_update'), next(other, 'reservation_update')]);
  assert.deepStrictEqual(await sender.emitWithAck('reservation_update', update), { ok: true });
  assert.deepStrictEqual(await arrived, [[update], [update]]);
  assert.deepStrictEqual((await server.saw({ what: 'event' })).arguments, [update]);
});

serverTest('the client acknowledges what the server asks', async (server, connect) => {
  const socket = connect();
  await next(socket, 'connect');
  socket.on('question', (what, answer) => answer({ heard: what }, Buffer.from([1, 2])));
  server.command('ask question ["예?"]');
  const acked = await server.saw({ what: 'acked' });
  assert.deepStrictEqual(acked.arguments[0], { heard: '예?' });
  assert.deepStrictEqual(acked.attachments, ['0102']);
});

serverTest('binary events go both ways', async (server, connect) => {
  const socket = connect();
  await next(socket, 'connect');
  const arrived = next(socket, 'receipt');
  server.command(
    'binary * receipt 00ff, [{"page":{"_placeholder":true,"num":0},"rest":{"_placeholder":true,"num":1}}]');
  const [{ page, rest }] = await arrived;
  assert.deepStrictEqual([page, rest], [Buffer.from([0, 0xff]), Buffer.alloc(0)]);

  socket.emit('scan', Buffer.from([7, 8]), 'text', Buffer.alloc(0));
  const report = await server.saw({ what: 'event', name: 'scan' });
  assert.deepStrictEqual(report.attachments, ['0708', '']);
  assert.strictEqual(report.arguments[1], 'text');
});

serverTest('after a drop the client comes back by itself', async (server, connect) => {
  const socket = connect();
  await logIn(socket);
  const lost = next(socket, 'disconnect');
  const back = lost.then(() => logIn(socket));
  server.command('drop');
  assert.ok(['transport close', 'transport error'].includes((await lost)[0]));
  await back;
});

serverTest('a kicked client is told so', async (server, connect) => {
  const socket = connect();
  await next(socket, 'connect');
  const kicked = next(socket, 'disconnect');
  server.command('kick');
  assert.strictEqual((await kicked)[0], 'io server disconnect');
});

serverTest('refusing answers with the status until it is taken back', async (server, connect) => {
  server.command('refuse 503');
  const socket = connect();
  await next(socket, 'connect_error');
  const connected = next(socket, 'connect');
  server.command('accept');
  await connected;
});

serverTest('the heartbeat goes on while the client answers', async (server, connect) => {
  const socket = connect();
  await next(socket, 'connect');
  // Each ping but the first follows the answer to the one before.
  for (let count = 0; count < 5; ++count) await next(socket.io, 'ping');
  assert.ok(socket.connected);
}, ['--ping-interval', '20', '--ping-timeout', '20000']);

serverTest('a namespace that is not there is refused, the others live', async (server, connect) => {
  const root = connect('/', { forceNew: false });
  await next(root, 'connect');
  const [admin, nowhere] = [connect('/admin', { forceNew: false }), connect('/nowhere', { forceNew: false })];
  const refused = next(nowhere, 'connect_error');
  const welcomed = next(admin, 'connect');
  assert.ok(admin.io === root.io && nowhere.io === root.io);
  assert.strictEqual((await refused)[0].message, 'Invalid namespace');
  await welcomed;
  assert.deepStrictEqual(await admin.emitWithAck('anything', 1), { ok: true });
  assert.deepStrictEqual(await root.emitWithAck('anything', 1), { ok: true });
}, ['--namespace', '/admin']);

serverTest('the echo is what the protocol\'s test suite wants', async (server, connect) => {
  const socket = connect('/', { auth: { token: 'good' } });
  assert.deepStrictEqual(await next(socket, 'auth'), [{ token: 'good' }]);
  assert.deepStrictEqual(await next(connect(), 'auth'), [{}]);
  const back = next(socket, 'message-back');
  socket.emit('message', 1, Buffer.from([2]));
  assert.deepStrictEqual(await back, [1, Buffer.from([2])]);
  const answer = await new Promise((resolve) => socket.emit('message-with-ack', '3', Buffer.from([4]), (...args) => resolve(args)));
  assert.deepStrictEqual(answer, ['3', Buffer.from([4])]);
  assert.deepStrictEqual(await socket.emitWithAck('anything else'), { ok: true });
}, ['--echo']);

serverTest('the booking day reaches the rooms', async (server, connect) => {
  const socket = connect();
  const events = new Set();
  let resolve;
  const all = new Promise((done) => (resolve = done));
  socket.onAny((name) => {
    events.add(name);
    if (['reservation_update', 'payment_update', 'notification'].every((wanted) => events.has(wanted))) resolve();
  });
  await logIn(socket);
  await join(server, socket, 'shop-7');
  await all;
}, ['--script', 'day', '--rate', '500', '--shops', '7']);

// ---- what the reference client never does ----

function rawSocket(server) {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/socket.io/?EIO=4&transport=websocket`);
  socket.messages = [];
  socket.on('message', (data) => socket.messages.push(data.toString()));
  return socket;
}

const breaches = [
  ['a ping from the client', ['40', '2'], 1005],
  ['a packet before CONNECT', ['42["hello"]'], 1005],
  ['a second CONNECT', ['40', '40'], 1005],
  ['bad JSON', ['40', '42["open'], 1005],
  ['a reserved name', ['40', '42["disconnect"]'], 1005],
  ['an event that is no array', ['40', '42{}'], 1005],
  ['an unknown Socket.IO type', ['40', '49'], 1005],
  ['an unknown Engine.IO type', ['40', '9'], 1005],
  ['an attachment that nothing announced', ['40', Buffer.from([1])], 1005],
  ['text between attachments', ['40', '451-["e",{"_placeholder":true,"num":0}]', '42["hello"]'], 1005],
  ['more than ten attachments', ['40', '4511-["e"]'], 1005],
  ['a message above maxPayload', ['40', '42["' + 'x'.repeat(1000000) + '"]'], 1009],
];
for (const [what, messages, code] of breaches) {
  serverTest(`${what} ends the connection`, async (server) => {
    const socket = rawSocket(server);
    await once(socket, 'open');
    for (const message of messages) socket.send(message);
    assert.strictEqual((await once(socket, 'close'))[0], code);
    await server.saw({ what: 'disconnected' });
  });
}

serverTest('a client that answers no ping is cut off', async (server) => {
  const socket = rawSocket(server);
  await once(socket, 'open');
  assert.strictEqual((await once(socket, 'close'))[0], 1006);
  const open = JSON.parse(socket.messages[0].slice(1));
  assert.deepStrictEqual([open.pingInterval, open.pingTimeout, open.maxPayload], [20, 10, 1000000]);
  assert.strictEqual(socket.messages[1], '2');
  assert.strictEqual((await server.saw({ what: 'disconnected' })).text, 'ping timeout');
}, ['--ping-interval', '20', '--ping-timeout', '10']);

serverTest('other requests are answered with a reason', async (server) => {
  for (const [target, status, code] of [
    ['/socket.io/?EIO=3&transport=websocket', 400, 5],
    ['/socket.io/?EIO=4&transport=polling', 400, 0],
    ['/elsewhere', 404, undefined],
  ]) {
    const [response] = await once(http.get(server.url + target), 'response');
    const body = (await response.toArray()).join('');
    assert.deepStrictEqual([response.statusCode, JSON.parse(body).code], [status, code]);
  }
});
