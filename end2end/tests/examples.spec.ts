import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Example } from '../fixtures/example.ts';
import { expect, test } from '../fixtures/test.ts';

test('the tutorial’s group client talks with browsers', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const script = Example.python('tutorial_everyone.py', '小明', server.wsUrl);
  await bob.expectOnline('小明');

  script.typeLine('大家好');
  await bob.expectMessage('大家好');
  await bob.send('hello, script');
  await script.expectOutput(/Bob.*hello, script/);
  await script.finish();
  await bob.expectOnline();
});

test('the tutorial’s private client talks with one user, and a third receives nothing', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const carol = await users.guest('Carol');
  const script = Example.python('tutorial_private.py', 'alice', server.wsUrl);
  await bob.expectOnline('Carol', 'alice');

  script.typeLine('Bob: psst');
  await expect(bob.conversationLink('alice', 1)).toBeVisible();
  await bob.openConversation('alice');
  await bob.expectMessage('psst');
  await bob.send('yes?');
  await script.expectOutput(/Bob.*yes\?/);
  script.typeLine('nobody: hello?');
  await script.expectOutput('nobody here is called nobody');
  await script.finish();
  expect(carol.frames.received.filter((frame) => /psst|yes\?/.test(frame))).toEqual([]);
});

test('the script that keeps its token stays the same user', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const folder = await mkdtemp(join(tmpdir(), 'teahouse-token-'));
  const runScript = (text: string) => Example.python('same_user.py', 'robot', join(folder, 'token'), text, server.url);
  const first = runScript('it is done');
  await bob.expectMessage('it is done');
  await first.finish();
  const second = runScript('it is done again');
  await bob.expectMessage('it is done again');
  await second.finish();
  const events = bob.frames.receivedOfType('event').filter((frame) => frame.event.body?.startsWith('it is done'));
  expect(new Set(events.map((frame) => frame.author.id)).size).toBe(1);
  expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  await rm(folder, { recursive: true });
});

test('a client written from the protocol document talks with browsers', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const client = await Example.node('client.mjs', 'Node', server.wsUrl);
  await bob.expectOnline('Node');

  client.typeLine('hello from another language');
  await bob.expectMessage('hello from another language');
  client.typeLine('@Bob: and to you alone');
  await expect(bob.conversationLink('Node', 1)).toBeVisible();
  await bob.send('welcome');
  await client.expectOutput('welcome');
  await client.finish();
});
