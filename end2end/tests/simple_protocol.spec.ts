import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test('a simple client talks to everyone and receives everything', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const script = await JsonSocket.open(`${server.wsUrl}/alice`);
  await bob.expectOnline('alice');

  script.send({ username: 'somebody else', msg: 'hello from a script' });
  await bob.expectMessage('hello from a script');
  await expect(bob.message('hello from a script')).toContainText('alice');
  await expect(bob.message('hello from a script')).not.toContainText('somebody else');

  await bob.send('hello, script');
  expect(await script.next()).toEqual({ username: 'Bob', msg: 'hello, script' });

  script.close();
  await bob.expectOnline();
});

test('a simple client talks to one user, who can answer', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const carol = await users.guest('Carol');
  const script = await JsonSocket.open(`${server.wsUrl}/alice`);

  script.send({ to_user: 'Bob', msg: 'psst' });
  await expect(bob.conversationLink('alice', 1)).toBeVisible();
  await bob.openConversation('alice');
  await bob.expectMessage('psst');

  await bob.send('yes?');
  expect(await script.next()).toEqual({ msg: 'yes?', from_user: 'Bob' });
  await bob.openConversation('Lobby');
  await bob.send('tea?');
  await carol.expectMessage('tea?');
  expect(carol.frames.received.filter((frame) => /psst|yes\?/.test(frame))).toEqual([]);
});

test('a browser user starts a conversation with a simple client', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const script = await JsonSocket.open(`${server.wsUrl}/${encodeURIComponent('小明')}`);
  await bob.expectOnline('小明');

  await bob.onlineList.getByRole('button', { name: '小明' }).click();
  await bob.expectConversation('小明');
  await bob.send('你好');
  expect(await script.next()).toEqual({ msg: '你好', from_user: 'Bob' });

  script.send({ to_user: 'Bob', msg: '你好，Bob' });
  await bob.expectMessage('你好，Bob');
});

test('errors of a simple client are answered, and it can continue', async ({ server, users }) => {
  const bob = await users.guest('Bob');
  const script = await JsonSocket.open(`${server.wsUrl}/alice`);

  script.send({ to_user: 'nobody', msg: 'hello?' });
  expect(await script.next()).toMatchObject({ error: 'unknown_user' });
  script.send({ msg: 'anybody?' });

  await bob.expectMessage('anybody?');
  await expect(bob.log).not.toContainText('hello?');
});
