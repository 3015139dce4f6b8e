// A small Teahouse client: comes in as a guest, writes to the Lobby and, in private, to somebody by name.
//     npm install ws          (Node 20 has no WebSocket of its own that one can rely on)
//     node client.mjs 小明 [ws://127.0.0.1:3000]
// A line goes to the Lobby; `@阿玲: 你好` goes to 阿玲 alone. With the input's end the session ends too, once everything is
// answered: then the nickname is free again.
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import WebSocket from "ws";

const [nickname = "Node", server = "ws://127.0.0.1:3000"] = process.argv.slice(2);
const socket = new WebSocket(`${server}/ws`);
const conversations = new Map(); // by id
const waiting = new Map(); // what to do when a command is acked, by the command's id
let token, inputEnded = false;

const say = (frame) => socket.send(JSON.stringify(frame));
const write = (conversation, body) => command({ type: "send", conversation, body });

function command(frame, acked = () => {}) {
  const id = randomUUID();
  waiting.set(id, acked);
  say({ ...frame, id });
}

function answered(id, ack) {
  if (ack) waiting.get(id)?.(ack);
  waiting.delete(id);
  if (!inputEnded || waiting.size > 0) return;
  const headers = { authorization: `Bearer ${token}` };
  fetch(`${server.replace(/^ws/, "http")}/api/session`, { method: "DELETE", headers }).catch(() => socket.close());
}

const handlers = {
  welcome(frame) {
    token = frame.token;
    frame.conversations.forEach(handlers.conversation);
    const lobby = frame.conversations.find((conversation) => conversation.lobby);
    console.log(`welcome, ${frame.me.nickname}`);
    createInterface({ input: process.stdin })
      .on("line", (line) => {
        const [, name, text] = line.match(/^@(.+?):\s*(.*)$/) ?? [];
        if (!name) write(lobby.id, line);
        else command({ type: "open_direct", nickname: name }, (ack) => write(ack.conversation, text));
      })
      .on("close", () => { inputEnded = true; answered(); });
  },
  conversation: (frame) => conversations.set(frame.id, frame),
  event({ conversation, author, event }) {
    const { name, with: other } = conversations.get(conversation);
    if (event.kind === "message") console.log(`[${name ?? other.nickname}] ${author.nickname}: ${event.body}`);
  },
  ack: (frame) => answered(frame.id, frame),
  error(frame) { console.error(`! ${frame.code}: ${frame.message}`); answered(frame.id); },
};

socket.on("open", () => say({ type: "hello", protocol: 1, nickname }));
socket.on("message", (text) => { const frame = JSON.parse(text); handlers[frame.type]?.(frame); });
socket.on("error", (error) => console.error(`! ${error.message}`));
socket.on("close", (code) => process.exit(inputEnded && code === 4401 ? 0 : 1)); // 4401: our session has ended
