// SPDX-License-Identifier: MIT
// A backend on the real npm socket.io of another shape than the booking backend's, for the example configs. It reports
// the arguments as they come, with their types, as JSON lines on stdout, and takes commands as JSON lines on stdin.
// usage: node shape_server.js NODE_MODULES SETTINGS
//   SETTINGS: {"shape":"bare-text" (or another one below),"token":"TOKEN"}
'use strict';

const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');

const [modules, settings] = [process.argv[2], JSON.parse(process.argv[3])];
const { Server } = require(path.resolve(modules, 'socket.io'));

let token = settings.token;
const report = (seen, fields = {}) => process.stdout.write(JSON.stringify({ seen, ...fields }) + '\n');

function join(socket, room, args) {
  socket.join(room);
  report('join', { room, args });
}

// What a server does with a new socket, by its shape.
const shapes = {
  'bare-text': (socket) => {
    socket.on('authenticate', (...args) => {
      report('authenticate', { ok: args[0] === token, count: args.length });
      if (args[0] === token) socket.emit('auth_success');
      else socket.emit('auth_error', { message: 'no' });
    });
    socket.on('join_room', (...args) => join(socket, args[0], args));
  },
  'several-arguments': (socket) => {
    socket.on('login', (...args) => {
      report('authenticate', { ok: args[0] === token, count: args.length, device: args[1] });
      if (args[0] === token) socket.emit('welcome', { user: { id: 3, name: 'a till' } });
      else socket.emit('denied', { message: 'no' });
    });
    socket.on('enter', (...args) => join(socket, args[1], args));
  },
  acknowledged: (socket) => {
    socket.on('authenticate', (data, callback) => {
      report('authenticate', { ok: data.token === token });
      callback(data.token === token ? { ok: true, userId: 3 } : { ok: false, message: 'not this token' });
    });
    socket.on('join_room', (data, callback) => {
      join(socket, data.roomId, [data]);
      callback({ ok: true });
    });
  },
  'connect-nested': (socket) => {
    socket.on('join_room', (...args) => join(socket, args[0].room, args));
  },
};

const listener = http.createServer();
const nested = settings.shape === 'connect-nested';
// As behind Next.js: nothing but the path without a slash is answered.
const io = new Server(listener, { serveClient: false, ...(nested && { path: '/api/socket', addTrailingSlash: false }) });

if (nested) {
  io.use((socket, next) => {
    const { auth, url } = socket.handshake;
    const { token: sent, ...credentials } = auth.credentials;
    report('handshake', { ok: sent === token, credentials, version: auth.version, path: url.split('?')[0] });
    next(sent === token ? undefined : new Error('no'));
  });
}

io.on('connection', (socket) => {
  report('connection');
  shapes[settings.shape](socket);
});

const commands = {
  emit: ({ room, event, args }) => io.to(room).emit(event, ...args),
  grant: ({ token: fresh }) => {
    token = fresh;
    report('grant');
  },
  cut: () => [...io.sockets.sockets.values()].forEach((socket) => socket.conn.close()),
};

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on('close', () => process.exit(0));

listener.listen(0, '127.0.0.1', () => report('listening', { port: listener.address().port }));
