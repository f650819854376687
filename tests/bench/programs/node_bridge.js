// SPDX-License-Identifier: MIT
// usage: node node_bridge.js URL SOCKET
const { io } = require("socket.io-client");
const net = require("net");
const [url, path] = process.argv.slice(2);
const clients = new Set();
net.createServer((client) => {
  clients.add(client);
  client.on("close", () => clients.delete(client));
  client.on("error", () => {});
  client.write("\n"); // for the benchmark: it gets events from now on
}).listen({ path, backlog: 4096, readableAll: true, writableAll: true });
const upstream = io(url, { transports: ["websocket"] });
upstream.on("connect", () => upstream.emit("authenticate", { token: "bench" }));
upstream.onAny((event, ...args) => {
  const line = JSON.stringify([event, ...args]) + "\n";
  for (const client of clients) client.write(line);
});
