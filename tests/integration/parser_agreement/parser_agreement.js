// SPDX-License-Identifier: MIT
// The daemon's codecs against the reference parsers, engine.io-parser and socket.io-parser: what the reference encodes, packet_mirror must
// decode, and what that encodes the reference must decode to the packet it began with. So with the payloads of HTTP long-polling that carry
// them. Then damaged packets and payloads: both must judge alike, but for the differences named below.
//
// usage: node parser_agreement.js PACKET_MIRROR NODE_MODULES [SEED]
'use strict';

const assert = require('node:assert');
const {spawnSync} = require('node:child_process');
const path = require('node:path');
const {createRequire} = require('node:module');

const [mirror, modules, givenSeed] = process.argv.slice(2);
const load = createRequire(path.join(path.resolve(modules), 'any.js'));
const {Encoder, Decoder, PacketType} = load('socket.io-parser');
const {encodePacket, decodePacket, encodePayload, decodePayload} = load('engine.io-parser');

const ATTACHMENT_LIMIT = 16;
const seed = givenSeed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(givenSeed);
let state = seed;

// A generator of our own, because Math.random() takes no seed.
function below(end) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * end);
}
const pick = (list) => list[below(list.length)];
const listOf = (most, make) => Array.from({length: below(most + 1)}, make);

const TEXTS = ['', 'e', '예약이 확정되었습니다!', 'a"b\\c', '\n\t\u0000\u001f\u007f', '😀', ',', '/x,', '1-', '</script>\u2028'];

function value(depth, binary) {
  const kinds = depth > 3 ? 5 : 7;
  switch (below(binary ? kinds + 1 : kinds)) {
    case 0: return null;
    case 1: return below(2) === 0;
    case 2: return pick([0, 1, -1, 0.5, 1e21, -1e-7, 2 ** 53, below(1e9)]);
    case 3: return pick(TEXTS);
    case 4: return pick(['\ud800', '\udc00x', 'x'.repeat(below(300))]);
    case 5: return depth > 3 ? Buffer.alloc(below(50), below(256)) : listOf(4, () => value(depth + 1, binary));
    case 6: {
      if (!binary && below(10) === 0) return {_placeholder: true, num: 0};
      return Object.fromEntries(listOf(4, () => ['k' + pick(TEXTS), value(depth + 1, binary)]));
    }
    default: return Buffer.alloc(below(50), below(256));
  }
}

function randomPacket() {
  const nsp = pick(['/', '/', '/admin', '/a/b-c', '/예약', '/1']);
  const id = pick([undefined, 0, 1, 4294967296, Number.MAX_SAFE_INTEGER, below(1e6)]);
  const binary = below(3) === 0;
  const type = below(12);
  if (type === 0) return {type: PacketType.CONNECT, nsp, data: pick([undefined, {}, {token: pick(TEXTS)}])};
  if (type === 1) return {type: PacketType.DISCONNECT, nsp};
  if (type === 2) return {type: PacketType.CONNECT_ERROR, nsp, data: pick(['no', {message: pick(TEXTS), data: {code: 1}}])};
  const args = listOf(4, () => value(0, binary));
  if (type < 6) return {type: PacketType.ACK, nsp, id: id ?? 7, data: args};
  return {type: PacketType.EVENT, nsp, id, data: [below(20) === 0 ? below(100) : pick(TEXTS), ...args]};
}

function engineText(type, data) {
  let text;
  encodePacket({type, data}, true, (encoded) => { text = encoded; });
  return text;
}

function frame(kind, bytes) {
  const body = Buffer.from(bytes);
  const head = Buffer.alloc(5);
  head.writeUInt32LE(body.length, 0);
  head[4] = kind.charCodeAt(0);
  return Buffer.concat([head, body]);
}

function askMirror(frames) {
  const run = spawnSync(mirror, {input: Buffer.concat(frames), maxBuffer: 2 ** 30});
  assert.strictEqual(run.status, 0, `packet_mirror ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return run.stdout.toString().split('\n').slice(0, -1).map((line) => JSON.parse(line));
}

function referenceDecode(messages) {
  const decoder = new Decoder({maxAttachments: ATTACHMENT_LIMIT});
  let decoded;
  decoder.on('decoded', (packet) => { decoded = packet; });
  for (const message of messages) decoder.add(message);
  return decoded;
}

function checkPacket({packet, encoded}, lines) {
  const [text, ...buffers] = encoded;
  const head = lines.shift();
  assert.strictEqual(head.error, undefined);
  assert.strictEqual(head.type, Number(text[0]));
  assert.strictEqual(head.nsp, packet.nsp);
  assert.strictEqual(head.id, packet.id === undefined ? undefined : String(packet.id));
  assert.strictEqual(head.count, buffers.length);
  assert.ok(text.endsWith(head.data) && (packet.data === undefined) === (head.data === ''));
  if (buffers.length > 0) {
    const {attachments, ...whole} = lines.shift();
    assert.deepStrictEqual(whole, head);
    assert.deepStrictEqual(attachments, buffers.map((buffer) => buffer.toString('hex')));
  }
  // The daemon sends no CONNECT_ERROR, and no name that is a number.
  if (packet.type === PacketType.CONNECT_ERROR || (packet.type === PacketType.EVENT && typeof packet.data[0] === 'number')) return;
  assert.strictEqual(typeof head.encoded, 'string');
  const outer = decodePacket(head.encoded);
  assert.strictEqual(outer.type, 'message');
  const again = referenceDecode([outer.data, ...buffers]);
  for (const field of ['type', 'nsp', 'id', 'data']) assert.deepStrictEqual(again[field], packet[field], field);
}

function agreeOnPackets(count) {
  const cases = [];
  while (cases.length < count) {
    const packet = randomPacket();
    const encoded = new Encoder().encode(packet);
    if (encoded.length - 1 <= ATTACHMENT_LIMIT) cases.push({packet, encoded});
  }
  const frames = cases.flatMap(({encoded: [text, ...buffers]}) =>
    [frame('t', engineText('message', text)), ...buffers.map((buffer) => frame('b', buffer))]);
  const lines = askMirror(frames);
  for (const each of cases) {
    try {
      checkPacket(each, lines);
    } catch (error) {
      error.message = `${each.encoded[0]}: ${error.message}`;
      throw error;
    }
  }
  assert.strictEqual(lines.length, 0);
  return cases.map(({encoded}) => encoded);
}

function agreeOnEnginePackets() {
  const cases = ['open', 'close', 'ping', 'pong', 'upgrade', 'noop'].flatMap((type) =>
    [undefined, 'probe', '{"sid":"예약"}'].map((data) => ({type, data})));
  const lines = askMirror(cases.map(({type, data}) => frame('t', engineText(type, data))));
  cases.forEach((packet, i) => {
    assert.strictEqual(lines[i].data, packet.data ?? '');
    assert.deepStrictEqual({data: undefined, ...decodePacket(lines[i].encoded)}, packet);
  });
}

// No blanks: to the reference a blank is the digit 0.
const DAMAGE = [...'0123456789-,/[]{}"eE.+xn'];

// By whole characters: a lone surrogate is no UTF-8.
function damage(text) {
  const characters = [...text];
  const at = below(Math.min(characters.length, 12));
  const how = below(4);
  const inserted = how >= 2 ? [pick(DAMAGE)] : [];
  const rest = how === 0 ? [] : characters.slice(how === 2 ? at : at + 1);
  return [...characters.slice(0, at), ...inserted, ...rest].join('');
}

// Why the daemon may refuse what the reference takes.
function refusalIsIntended(text, packet) {
  const needsArray = [PacketType.EVENT, PacketType.ACK, PacketType.BINARY_EVENT, PacketType.BINARY_ACK].includes(packet.type);
  return text === '' ||                                         // taken for CONNECT
    (needsArray && packet.data === undefined) ||                // an event or acknowledgement of nothing
    (/^[36]/.test(text) && packet.id === undefined) ||          // an acknowledgement of nobody
    (/^[56]/.test(text) && !/^[56]\d+-/.test(text)) ||          // attachments counted as 1e0, 0x1 or +1
    packet.id >= 2 ** 64;
}

// Why the daemon may take what the reference refuses: the JSON is checked elsewhere, and no attachments are some.
const acceptanceIsIntended = (text, error) => error.message === 'invalid payload' || /^[56]0+-/.test(text);

function judgeAlike(text, line) {
  let packet;
  try {
    packet = new Decoder({maxAttachments: ATTACHMENT_LIMIT}).decodeString(text);
  } catch (error) {
    if (line.error === undefined) assert.ok(acceptanceIsIntended(text, error), `only the reference refuses: ${error.message}`);
    return;
  }
  if (line.error !== undefined) {
    assert.ok(refusalIsIntended(text, packet), `only the daemon refuses: ${line.error}`);
    return;
  }
  assert.strictEqual(line.type, packet.type);
  assert.strictEqual(line.nsp, packet.nsp);
  assert.strictEqual(line.id === undefined ? undefined : Number(line.id), packet.id);
  assert.strictEqual(line.count, packet.attachments ?? 0);
  assert.deepStrictEqual(line.data === '' ? undefined : JSON.parse(line.data), packet.data);
}

function agreeOnDamage(texts) {
  const damaged = texts.map(damage);
  const lines = askMirror(damaged.flatMap((text) => [frame('t', engineText('message', text)), frame('r', '')]));
  assert.strictEqual(lines.length, damaged.length);
  damaged.forEach((text, i) => {
    try {
      judgeAlike(text, lines[i]);
    } catch (error) {
      error.message = `${text}: ${error.message}`;
      throw error;
    }
  });
}

// ---- payloads of HTTP long-polling

const TYPES = ['ping', 'pong', 'noop', 'close'];

// The messages of one packet after the other, a few in each payload, and what else the engine sends between.
function payloadsOf(encodedPackets) {
  const messages = encodedPackets.flat().map((data) => ({type: 'message', data}));
  const payloads = [];
  while (messages.length > 0) {
    const packets = messages.splice(0, 1 + below(12));
    if (below(4) === 0) packets.splice(below(packets.length + 1), 0, {type: pick(TYPES)});
    payloads.push(packets);
  }
  return payloads;
}

function payloadText(packets) {
  let text;
  encodePayload(packets, (encoded) => { text = encoded; });
  return text;
}

// As packet_mirror says it.
const described = ({type, data}) => Buffer.isBuffer(data) ? {binary: data.toString('hex')} : {text: engineText(type, data)};

function agreeOnPayloads(payloads) {
  const lines = askMirror(payloads.map((packets) => frame('p', payloadText(packets))));
  payloads.forEach((packets, i) => {
    assert.deepStrictEqual(lines[i].packets, packets.map(described));
    assert.deepStrictEqual(decodePayload(lines[i].encoded).map(described), packets.map(described));
  });
}

const PAYLOAD_DAMAGE = [...DAMAGE, '\x1e', '\x1e', 'b', '=', 'A', '/'];

function damagePayload(text) {
  const characters = [...text];
  for (let n = 1 + below(3); n > 0; --n) characters.splice(below(characters.length + 1), below(3), ...listOf(2, () => pick(PAYLOAD_DAMAGE)));
  return characters.join('');
}

// The reference gives a payload up at a packet of no type, the daemon drops that one; and it reads whatever looks like base64.
function judgePayloadAlike(text, {packets}) {
  const parts = text === '' ? [] : text.replace(/\x1e$/, '').split('\x1e');
  assert.strictEqual(packets.length, parts.length);
  packets.forEach((packet, i) => {
    if (packet.text !== undefined) return assert.strictEqual(packet.text, parts[i]);
    const [{data}] = decodePayload(parts[i]);
    if (packet.binary !== undefined) return assert.strictEqual(packet.binary, data.toString('hex'));
    assert.notStrictEqual(`b${data.toString('base64')}`, parts[i], 'only the daemon refuses it');
  });
}

function agreeOnDamagedPayloads(payloads) {
  const damaged = payloads.map((packets) => damagePayload(payloadText(packets)));
  const lines = askMirror(damaged.map((text) => frame('p', text)));
  damaged.forEach((text, i) => {
    try {
      judgePayloadAlike(text, lines[i]);
    } catch (error) {
      error.message = `${JSON.stringify(text)}: ${error.message}`;
      throw error;
    }
  });
}

console.log(`seed ${seed}`);
const encoded = agreeOnPackets(10000);
agreeOnEnginePackets();
agreeOnDamage(encoded.map(([text]) => text));
const payloads = payloadsOf(encoded);
agreeOnPayloads(payloads);
agreeOnDamagedPayloads(payloads);
console.log(`${encoded.length} packets and as many damaged ones, ${payloads.length} payloads and as many damaged ones: agreed`);
