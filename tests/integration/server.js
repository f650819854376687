// SPDX-License-Identifier: MIT
// A booking backend on the real npm socket.io, driven by a test: commands come as JSON lines on stdin, what the server
// sees goes out as JSON lines on stdout, so that a test waits for facts. It ends when stdin ends.
// usage: node server.js NODE_MODULES SETTINGS
//   SETTINGS: {"port":0,"tokens":{"TOKEN":{"userId":3}},"tls":{"key":FILE,"cert":FILE,"ca":FILE},"options":{…},
//     "auth":"event" (the default), "connect", "header" or "query": where the token comes; "tells": auth_success is sent unasked;
//     "dismisses": whose token is refused is disconnected; "any": every token is taken; "package": the server's, "socket.io" (the default), "socket.io-3" or "socket.io-2"}
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const path = require('node:path');
const readline = require('node:readline');

const [modules, settings] = [process.argv[2], JSON.parse(process.argv[3])];
const socketio = require(path.resolve(modules, settings.package ?? 'socket.io'));
const Server = socketio.Server ?? socketio; // socket.io 2 exports the class itself

const tokens = new Map(Object.entries(settings.tokens));
const closed = new Set(); // rooms that nobody may join
const mute = new Set(); // rooms of which the next join is neither done nor answered
const report = (seen, fields = {}) => process.stdout.write(JSON.stringify({ seen, ...fields }) + '\n');

const tls = settings.tls;
const listener = tls
  ? https.createServer({
      key: fs.readFileSync(tls.key),
      cert: fs.readFileSync(tls.cert),
      // With a CA for them, clients must have a certificate.
      ...(tls.ca && { ca: fs.readFileSync(tls.ca), requestCert: true }),
    })
  : http.createServer();
const io = new Server(listener, { serveClient: false, ...settings.options });

// As a balancer would look at them: whether a session's requests carry its cookie.
if (settings.options?.cookie) {
  io.engine.use((request, response, next) => {
    const { sid, transport } = Object.fromEntries(new URL(request.url, 'http://any').searchParams);
    if (sid) report('request', { transport, own: request.headers.cookie === `io=${sid}` });
    next();
  });
}

// Where the token is when it does not come in an event.
const carried = {
  connect: (handshake) => handshake.auth.token,
  header: (handshake) => handshake.headers.authorization?.replace(/^Bearer /, ''),
  query: (handshake) => handshake.query.token,
};
const carriedBy = carried[settings.auth];
const userOf = (token) => (settings.any ? { userId: 3 } : tokens.get(token));

if (carriedBy) {
  io.use((socket, next) => {
    const token = carriedBy(socket.handshake);
    const user = userOf(token);
    report('handshake', { ok: user !== undefined, keys: Object.keys(socket.handshake.auth) });
    // As careless servers do, it repeats what it was given.
    if (!user) return next(new Error(`token ${token} refused by the test`));
    socket.data.token = token;
    socket.data.userId = user.userId;
    next();
  });
}

function authenticate(socket, request) {
  const user = userOf(request?.token);
  report('authenticate', { id: socket.id, ok: user !== undefined, keys: Object.keys(request ?? {}) });
  if (!user) {
    socket.emit('auth_error', { message: 'token refused by the test' });
    if (settings.dismisses) socket.disconnect(true);
    return;
  }
  socket.data.token = request.token;
  socket.data.userId = user.userId;
  socket.emit('auth_success', user);
}

// What the booking backend does: everyone concerned hears of an update, through whichever of the rooms.
function updateReservation(socket, update, ack) {
  const rooms = [`shop-${update.shopId}`, `reservation-${update.reservationId}`, `user-${update.userId}`];
  io.to(rooms).emit('reservation_update', update);
  if (typeof ack === 'function') ack({ ok: true, reservationId: update.reservationId, by: socket.data.userId });
}

io.on('connection', (socket) => {
  socket.data ??= {}; // socket.io 3 has none
  const transport = socket.conn.transport;
  report('connection', { id: socket.id, transport: transport.name, extensions: transport.socket?.extensions ?? '' });
  socket.conn.on('upgrade', (to) => report('upgrade', { id: socket.id, transport: to.name }));
  socket.conn.on('heartbeat', () => report('heartbeat', { id: socket.id }));
  if (carriedBy && settings.tells) socket.emit('auth_success', { userId: socket.data.userId });
  // The engine's messages before any parser has touched them.
  socket.conn.on('data', (data) => {
    const text = data.toString();
    if (!text.includes('"authenticate"')) report('message', { id: socket.id, text });
  });
  socket.on('authenticate', (request) => authenticate(socket, request));
  socket.on('join_room', (request, ack) => {
    if (mute.delete(request.roomId)) return;
    if (closed.has(request.roomId)) {
      report('refusal', { id: socket.id, room: request.roomId });
      if (typeof ack === 'function') ack({ ok: false, message: `${request.roomId} is not for you` });
      return;
    }
    socket.join(request.roomId);
    if (typeof ack === 'function') ack({ ok: true });
    report('join', { id: socket.id, room: request.roomId, userId: request.userId });
  });
  socket.on('leave_room', (request) => {
    socket.leave(request.roomId);
    report('leave', { id: socket.id, room: request.roomId, userId: request.userId });
  });
  socket.on('reservation_update', (update, ack) => {
    report('reservation_update', { id: socket.id, update, ack: typeof ack === 'function' });
    updateReservation(socket, update, ack);
  });
  socket.on('echo', (...args) => args.pop()(...args));
  socket.on('disconnect', (reason) => report('disconnect', { id: socket.id, reason }));
});

// Bytes have no JSON: {"$hex": "00ff"} stands for them in a command.
function withBytes(value) {
  if (Array.isArray(value)) return value.map(withBytes);
  if (value === null || typeof value !== 'object') return value;
  if (typeof value.$hex === 'string') return Buffer.from(value.$hex, 'hex');
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withBytes(item)]));
}

const sockets = () => [...io.sockets.sockets.values()];
const transports = () => sockets().map((socket) => socket.conn.transport);

// With polling there may be no connection for a moment, and one whose response is on its way is none.
function cut(transport) {
  const connection = transport.socket?._socket ?? transport.req?.socket;
  if (connection) return connection.destroy();
  transport.once('ready', () => setImmediate(cut, transport));
}

let stream;

const commands = {
  emit: ({ room, event, args }) => (room ? io.to(room) : io).emit(event, ...withBytes(args)),
  // These two have no offset, where the server keeps what is missed.
  emit_volatile: ({ event, args }) => io.volatile.emit(event, ...args),
  emit_with_ack: ({ event, args }) => io.timeout(1000).emit(event, ...args, () => {}),
  // Asks everyone in the room and waits for all of them.
  ask: async ({ room, event, args, timeout }) => {
    try {
      report('answers', { event, got: await io.to(room).timeout(timeout).emitWithAck(event, ...withBytes(args)) });
    } catch (error) {
      report('answers', { event, failed: error.message });
    }
  },
  // A numbered series: {"n": 1, "fill": "xxx"}, {"n": 2, …}.
  series: ({ event, first, count, size }) => {
    const fill = 'x'.repeat(size);
    for (let n = first; n < first + count; ++n) io.emit(event, { n, fill });
  },
  // Numbers from 1 on, one a millisecond, until the last one is asked for.
  stream: ({ event }) => {
    stream = { event, n: 0 };
    stream.timer = setInterval(() => io.emit(event, ++stream.n), 1);
  },
  stream_end: () => {
    clearInterval(stream.timer);
    io.emit('last', stream.n);
  },
  // One engine message with this text, unparsed and unescaped.
  raw: ({ text }) => sockets().forEach((socket) => socket.conn.write(text)),
  // One WebSocket text frame with these bytes, which may be no UTF-8.
  frame: ({ hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    sockets().forEach((socket) => socket.conn.transport.socket.send(bytes, { binary: false }));
  },
  grant: ({ token, user }) => {
    tokens.set(token, user);
    report('grant', { user });
  },
  // The token runs out; whoever uses it is told, as the backend does.
  expire: ({ token }) => {
    tokens.delete(token);
    const users = sockets().filter((socket) => socket.data.token === token);
    users.forEach((socket) => socket.emit('auth_error', { message: 'token expired' }));
  },
  close_room: ({ room }) => {
    closed.add(room);
    io.socketsLeave(room);
    report('closed', { room });
  },
  mute_room: ({ room }) => {
    mute.add(room);
    report('muted', { room });
  },
  kick: () => sockets().forEach((socket) => socket.disconnect()),
  // The TCP connection without a word, and the connection as WebSocket has it.
  cut: () => transports().forEach(cut),
  close: () => sockets().forEach((socket) => socket.conn.close()),
};

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on('close', () => process.exit(0));

listener.listen(settings.port ?? 0, '127.0.0.1', () => report('listening', { port: listener.address().port }));
