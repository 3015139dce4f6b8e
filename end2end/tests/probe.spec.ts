import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';
test('a person in the browser begins the talk with a script', async ({ house, people }) => {
  const bob = await people.guest('Bob'); const log: string[] = [];
  const script = await JsonSocket.open(`${house.socketAddress}/${encodeURIComponent('小明')}`);
  await bob.seesHere('小明');

  bob.page.on('request', r => { if (r.url().includes('/messages')) log.push('REQ ' + bob.frames.received.length); });
  await bob.hereNow.getByRole('button', { name: '小明' }).click();
  bob.page.on('response', async r => { if (r.url().includes('/messages')) log.push('HTTP ' + r.url().slice(-70) + ' ' + (await r.text()).slice(0, 300)); });
  try { await bob.say('你好'); } catch (e) { console.log([...bob.frames.received.map(f=>'< '+f.slice(0,400)), ...bob.frames.sent.map(f=>'> '+f), ...log].join('\n')); throw e; }
  expect(await script.next()).toEqual({ msg: '你好', from_user: 'Bob' });

  script.send({ to_user: 'Bob', msg: '你好，Bob' });
  await bob.sees('你好，Bob');
});

