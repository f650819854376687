// SPDX-License-Identifier: MIT
// Another client of the backend: npm socket.io-client. Commands as JSON lines on stdin, what it sees as JSON lines on
// stdout.
// usage: node other_client.js NODE_MODULES URL TOKEN
'use strict';

const path = require('node:path');
const readline = require('node:readline');

const [modules, url, token] = process.argv.slice(2);
const { io } = require(path.resolve(modules, 'socket.io-client'));

const report = (seen, fields = {}) => process.stdout.write(JSON.stringify({ seen, ...fields }) + '\n');
const socket = io(url, { transports: ['websocket'] });

socket.on('connect', () => socket.emit('authenticate', { token }));
socket.on('auth_success', (user) => report('auth_success', { user }));
socket.onAny((event, ...args) => report('event', { event, args }));

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { event, args } = JSON.parse(line);
    socket.emit(event, ...args, (...answer) => report('ack', { answer }));
  })
  .on('close', () => process.exit(0));
