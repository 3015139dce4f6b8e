import { randomUUID } from 'node:crypto';

import { JsonSocket } from '../fixtures/socket_client.ts';
import type { TestServer } from '../fixtures/test_server.ts';

export const MESSAGES = Number(process.env.MESSAGES ?? 1_000_000);
export const ROOMS = Number(process.env.ROOMS ?? 200);
export const USERS = Number(process.env.USERS ?? 500);

/** The password of every user. */
export const PASSWORD = 'a large pot of tea';

/** How many users write at the same time, and how many of each one's commands may be unanswered. */
const WRITERS = 16;
const IN_FLIGHT = 64;
/** Each user joins one in this many rooms. */
const ROOMS_PER_MEMBERSHIP = 5;

/** A registered user of the store. */
export interface StoredUser {
  nickname: string;
  token: string;
}

/** A store as a team's after years, made by commands like those of clients. */
export interface LargeStore {
  users: StoredUser[];
  /** The ids of the rooms, the Lobby's not included. */
  rooms: string[];
  /** A member of all rooms, who has read nothing. */
  reader: StoredUser;
}

/** Fills the store of a server that runs with `--unlimited`. */
export async function fillStore(server: TestServer): Promise<LargeStore> {
  const users: StoredUser[] = [];
  await inParallel(USERS, 4, async (number) => {
    users[number] = await register(server, `${NAMES[number % NAMES.length]} ${number}`);
  });
  const rooms: string[] = [];
  await inParallel(ROOMS, WRITERS, async (number) => {
    const connection = await Connection.open(server, users[number % USERS]);
    const ack = await connection.command({ type: 'create_room', name: `${TOPICS[number % TOPICS.length]} ${number}` });
    rooms[number] = ack.conversation;
    connection.close();
  });
  const reader = await register(server, 'Reader');
  const connection = await Connection.open(server, reader);
  for (const room of rooms) await connection.command({ type: 'join', conversation: room });
  connection.close();

  let written = 0;
  await inParallel(USERS, WRITERS, async (number) => {
    const connection = await Connection.open(server, users[number]);
    const joined = rooms.filter((_, room) => (room + number) % ROOMS_PER_MEMBERSHIP === 0);
    for (const room of joined) connection.send({ type: 'join', conversation: room });
    // As in life, some rooms have much more messages than others.
    const places = [connection.lobby, ...joined];
    const due = Math.floor(((number + 1) * MESSAGES) / USERS) - Math.floor((number * MESSAGES) / USERS);
    for (let sent = 0; sent < due; sent += 1) {
      const place = places[Math.floor(places.length * ((sent * 0.618) % 1) ** 3)];
      connection.send({ type: 'send', conversation: place, body: textOf(number + sent) });
      await connection.waitForRoom();
    }
    await connection.settle();
    connection.close();
    written += due;
    if (number % 50 === 0) console.log(`${written} messages`);
  });
  return { users, rooms, reader };
}

/** A message like those of teams: mostly short, some with formatting, some long. */
export function textOf(number: number): string {
  return `${TEXTS[number % TEXTS.length]} (${number})`;
}

/** Signs up and sets the password. */
async function register(server: TestServer, nickname: string): Promise<StoredUser> {
  const json = { 'content-type': 'application/json' };
  const created = await fetch(`${server.url}/api/session`, { method: 'POST', headers: json, body: JSON.stringify({ nickname }) });
  if (created.status !== 201) throw new Error(`${nickname}: ${await created.text()}`);
  const { token } = (await created.json()) as { token: string };
  const headers = { ...json, authorization: `Bearer ${token}` };
  const body = JSON.stringify({ password: PASSWORD });
  const set = await fetch(`${server.url}/api/me/password`, { method: 'PUT', headers, body });
  if (set.status !== 204) throw new Error(`${nickname}: ${await set.text()}`);
  return { nickname, token };
}

/** A connection that sends commands without waiting for each answer. */
class Connection {
  #unanswered = 0;

  private constructor(
    private readonly socket: JsonSocket,
    readonly lobby: string,
  ) {}

  static async open(server: TestServer, user: StoredUser): Promise<Connection> {
    const socket = await JsonSocket.open(`${server.wsUrl}/ws`);
    socket.send({ type: 'hello', protocol: 1, token: user.token });
    const { conversations } = await socket.nextOfType('welcome');
    return new Connection(socket, conversations.find((conversation: { lobby?: boolean }) => conversation.lobby).id);
  }

  send(command: object): void {
    this.socket.send({ id: randomUUID(), ...command });
    this.#unanswered += 1;
  }

  /** Waits until another command may be sent. */
  async waitForRoom(): Promise<void> {
    while (this.#unanswered >= IN_FLIGHT) await this.#answer();
  }

  /** Waits until every command is answered. */
  async settle(): Promise<void> {
    while (this.#unanswered > 0) await this.#answer();
  }

  async command(command: object): Promise<{ conversation: string }> {
    this.send(command);
    return this.#answer();
  }

  close(): void {
    this.socket.close();
  }

  async #answer(): Promise<{ conversation: string }> {
    for (;;) {
      const frame = await this.socket.next();
      if (frame.type === 'error') throw new Error(JSON.stringify(frame));
      if (frame.type !== 'ack') continue;
      this.#unanswered -= 1;
      return frame as unknown as { conversation: string };
    }
  }
}

/** Runs `task` for the numbers from 0 to `count`, `width` at a time. */
async function inParallel(count: number, width: number, task: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      next += 1;
      await task(next - 1);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const NAMES = ['Ada', '小明', 'Zoë', '阿玲', 'Grace', '王芳', 'Noor', 'Søren', '李雷', 'Priya'];
const TOPICS = ['Design', '前端', 'Incidents', '周报', 'Books', '采购', 'Release', 'Tea', '招聘', 'Support'];
const TEXTS = [
  'did anybody see where the big blue teapot has gone since Tuesday?',
  '好的，我下午看一下。',
  'The build is **green** again, thanks!',
  '- first the pots\n- then the cups\n- then `cargo test`',
  '这个问题我昨天也遇到了，重启之后就好了，但是不知道原因是什么，大家有空可以一起看看日志。',
  '> who has the key?\nI have it. It is where it always is.',
  '```rust\nfn main() {\n    println!("茶");\n}\n```',
  'ok',
  'see https://example.org/teapots?page=2 for the list, and tell me which one you want before noon, because the shop closes early',
  '明天见 👋',
];
