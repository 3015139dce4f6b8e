#!/usr/bin/env node
// A small TCP load balancer, for trying out and testing several nodes on one machine. Use a real one for people.
//   script/balancer.mjs 127.0.0.1:3000 127.0.0.1:3001 127.0.0.1:3002 …    the address to listen on, then those of the nodes
// Prints `balancing on ADDRESS`. Connections go to the nodes in turn. Those whose /readyz is not 200 come last, and one that
// does not take a connection is passed over. Nodes see the loopback address of the client, as if it had come directly.
import http from 'node:http';
import net from 'node:net';

/** How long a node may take to accept a connection, or to answer /readyz, in milliseconds. */
const TIMEOUT_MS = 1_000;
/** Between two questions for /readyz, in milliseconds. */
const CHECK_INTERVAL_MS = 500;

/** @param {string} address */
function parse(address) {
  const colon = address.lastIndexOf(':');
  const [host, port] = [address.slice(0, colon), Number(address.slice(colon + 1))];
  if (colon < 1 || !Number.isInteger(port)) {
    process.stderr.write(`${address} is not like 127.0.0.1:3000\n`);
    process.exit(2);
  }
  return { host, port, isReady: true };
}

const [listen, ...nodes] = process.argv.slice(2).map(parse);
if (!listen || nodes.length === 0) {
  process.stderr.write('usage: script/balancer.mjs LISTEN NODE…\n');
  process.exit(2);
}

for (const node of nodes) {
  const check = () => {
    const { host, port } = node;
    const request = http.get({ host, port, path: '/readyz', timeout: TIMEOUT_MS, agent: false }, (response) => {
      node.isReady = response.statusCode === 200;
      response.resume();
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => (node.isReady = false));
    request.on('close', () => setTimeout(check, CHECK_INTERVAL_MS).unref());
  };
  check();
}

let turn = 0;

/** The nodes in the order in which to try them. */
function candidates() {
  turn = (turn + 1) % nodes.length;
  const inTurn = [...nodes.slice(turn), ...nodes.slice(0, turn)];
  return [...inTurn.filter((node) => node.isReady), ...inTurn.filter((node) => !node.isReady)];
}

/**
 * Connects a client to the first of the nodes that accepts the connection.
 * @param {net.Socket} client
 * @param {ReturnType<typeof candidates>} remaining
 */
function forward(client, [node, ...remaining]) {
  if (!node) return client.destroy();
  const from = client.remoteAddress ?? '';
  const localAddress = /^127\./.test(from) && /^127\./.test(node.host) ? from : undefined;
  const { host, port } = node;
  const server = net.connect({ host, port, localAddress, allowHalfOpen: true, noDelay: true });
  const timer = setTimeout(() => server.destroy(new Error('too slow')), TIMEOUT_MS);
  const tryNext = () => {
    clearTimeout(timer);
    node.isReady = false;
    if (!client.destroyed) forward(client, remaining);
  };
  server.once('error', tryNext);
  server.once('connect', () => {
    clearTimeout(timer);
    server.off('error', tryNext);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ]) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroySoon());
      one.pipe(other);
    }
    if (client.destroyed) server.destroy();
  });
}

const balancer = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (client) => {
  client.on('error', () => client.destroy());
  forward(client, candidates());
});
balancer.listen(listen.port, listen.host, () => {
  const { address, port } = /** @type {net.AddressInfo} */ (balancer.address());
  process.stdout.write(`balancing on ${address}:${port}\n`);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
