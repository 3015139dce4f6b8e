// Node with the package `ws`: `/room/N` is a room, which hears what it says itself; `/pair/N` is two who hear each other.
import { createRequire } from "node:module";

// From the folder of tools, where `script/bench` puts it.
const { WebSocket, WebSocketServer } = createRequire(`${process.env.BENCH_TOOLS}/`)("ws");

const places = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096 });

server.on("connection", (socket, request) => {
  const pair = request.url.startsWith("/pair/");
  if (!places.has(request.url)) places.set(request.url, new Set());
  const here = places.get(request.url);
  here.add(socket);
  socket.on("message", (data, binary) => {
    for (const other of here) {
      if (other.readyState === WebSocket.OPEN && !(pair && other === socket)) other.send(data, { binary });
    }
  });
  socket.on("close", () => here.delete(socket));
  socket.on("error", () => {});
});

server.on("listening", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
