// Bun's own WebSockets. In `/room/N` everyone receives all messages, also their own; in `/pair/N` two clients receive
// each other's.
type RoomData = { topic: string; pair: boolean };
type Socket = Bun.ServerWebSocket<RoomData>;

const pairs = new Map<string, Set<Socket>>();

const server = Bun.serve<RoomData>({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const topic = new URL(request.url).pathname;
    return server.upgrade(request, { data: { topic, pair: topic.startsWith("/pair/") } })
      ? undefined
      : new Response("WebSockets only", { status: 426 });
  },
  websocket: {
    open(socket: Socket) {
      const { topic, pair } = socket.data;
      if (!pair) return socket.subscribe(topic);
      if (!pairs.has(topic)) pairs.set(topic, new Set());
      pairs.get(topic)!.add(socket);
    },
    message(socket: Socket, text: string) {
      const { topic, pair } = socket.data;
      if (!pair) return server.publish(topic, text);
      for (const other of pairs.get(topic)!) if (other !== socket) other.send(text);
    },
    close(socket: Socket) {
      pairs.get(socket.data.topic)?.delete(socket);
    },
  },
});

console.log(`listening on http://127.0.0.1:${server.port}`);
