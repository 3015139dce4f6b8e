import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Example } from '../fixtures/example.ts';
import { expect, test } from '../fixtures/test.ts';

test('the tutorial’s group client talks with browsers', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const script = Example.python('tutorial_everyone.py', '小明', house.socketAddress);
  await bob.seesHere('小明');

  script.type('大家好');
  await bob.sees('大家好');
  await bob.say('hello, script');
  await script.prints(/Bob.*hello, script/);
  await script.leaves();
  await bob.seesHere();
});

test('the tutorial’s private client talks with one user, and a third receives nothing', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const carol = await people.guest('Carol');
  const script = Example.python('tutorial_private.py', 'alice', house.socketAddress);
  await bob.seesHere('Carol', 'alice');

  script.type('Bob: psst');
  await expect(bob.conversation('alice', 1)).toBeVisible();
  await bob.open('alice');
  await bob.sees('psst');
  await bob.say('yes?');
  await script.prints(/Bob.*yes\?/);
  script.type('nobody: hello?');
  await script.prints('nobody here is called nobody');
  await script.leaves();
  expect(carol.frames.received.filter((frame) => /psst|yes\?/.test(frame))).toEqual([]);
});

test('the script that keeps its token stays the same user', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const folder = await mkdtemp(join(tmpdir(), 'teahouse-token-'));
  const run = (text: string) => Example.python('same_user.py', 'robot', join(folder, 'token'), text, house.address);
  const first = run('it is done');
  await bob.sees('it is done');
  await first.leaves();
  const second = run('it is done again');
  await bob.sees('it is done again');
  await second.leaves();
  const events = bob.frames.receivedOf('event').filter((frame) => frame.event.body?.startsWith('it is done'));
  expect(new Set(events.map((frame) => frame.author.id)).size).toBe(1);
  expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});

test('a client written from the protocol document talks with browsers', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const client = await Example.node('client.mjs', 'Node', house.socketAddress);
  await bob.seesHere('Node');

  client.type('hello from another language');
  await bob.sees('hello from another language');
  client.type('@Bob: and to you alone');
  await expect(bob.conversation('Node', 1)).toBeVisible();
  await bob.say('welcome');
  await client.prints('welcome');
  await client.leaves();
});
