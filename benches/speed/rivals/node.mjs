// Node with the package `ws`. In `/room/N` everyone receives all messages, also their own; in `/pair/N` two clients
// receive each other's.
import { createRequire } from "node:module";

// `script/bench` installs it into the folder of tools.
const { WebSocket, WebSocketServer } = createRequire(`${process.env.BENCH_TOOLS}/`)("ws");

const rooms = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096 });

server.on("connection", (socket, request) => {
  const pair = request.url.startsWith("/pair/");
  if (!rooms.has(request.url)) rooms.set(request.url, new Set());
  const room = rooms.get(request.url);
  room.add(socket);
  socket.on("message", (data, binary) => {
    for (const other of room) {
      if (other.readyState === WebSocket.OPEN && !(pair && other === socket)) other.send(data, { binary });
    }
  });
  socket.on("close", () => room.delete(socket));
  socket.on("error", () => {});
});

server.on("listening", () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
