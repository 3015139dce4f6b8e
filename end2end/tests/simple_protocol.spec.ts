import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test('a simple client talks to everyone and receives everything', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const script = await JsonSocket.open(`${house.socketAddress}/alice`);
  await bob.seesHere('alice');

  script.send({ username: 'somebody else', msg: 'hello from a script' });
  await bob.sees('hello from a script');
  await expect(bob.message('hello from a script')).toContainText('alice');
  await expect(bob.message('hello from a script')).not.toContainText('somebody else');

  await bob.say('hello, script');
  expect(await script.next()).toEqual({ username: 'Bob', msg: 'hello, script' });

  script.close();
  await bob.seesHere();
});

test('a simple client talks to one user, who can answer', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const carol = await people.guest('Carol');
  const script = await JsonSocket.open(`${house.socketAddress}/alice`);

  script.send({ to_user: 'Bob', msg: 'psst' });
  await expect(bob.conversation('alice', 1)).toBeVisible();
  await bob.open('alice');
  await bob.sees('psst');

  await bob.say('yes?');
  expect(await script.next()).toEqual({ msg: 'yes?', from_user: 'Bob' });
  await bob.open('Lobby');
  await bob.say('tea?');
  await carol.sees('tea?');
  expect(carol.frames.received.filter((frame) => /psst|yes\?/.test(frame))).toEqual([]);
});

test('a browser user starts a conversation with a simple client', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const script = await JsonSocket.open(`${house.socketAddress}/${encodeURIComponent('小明')}`);
  await bob.seesHere('小明');

  await bob.hereNow.getByRole('button', { name: '小明' }).click();
  await bob.isTalkingTo('小明');
  await bob.say('你好');
  expect(await script.next()).toEqual({ msg: '你好', from_user: 'Bob' });

  script.send({ to_user: 'Bob', msg: '你好，Bob' });
  await bob.sees('你好，Bob');
});

test('errors of a simple client are answered, and it can continue', async ({ house, people }) => {
  const bob = await people.guest('Bob');
  const script = await JsonSocket.open(`${house.socketAddress}/alice`);

  script.send({ to_user: 'nobody', msg: 'hello?' });
  expect(await script.next()).toMatchObject({ error: 'unknown_user' });
  script.send({ msg: 'anybody?' });

  await bob.sees('anybody?');
  await expect(bob.log).not.toContainText('hello?');
});
