import type { Person } from '../fixtures/person.ts';
import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

/** A guest gives the nickname up. */
async function leaves(person: Person): Promise<void> {
  await person.settingsButton.click();
  await person.settings.getByRole('button', { name: 'Leave', exact: true }).click();
  await person.settings.getByRole('button', { name: 'Give up nickname' }).click();
  await expect(person.nicknameField).toBeVisible();
}

test('a former Bob is told apart from the new Bob', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await alice.talkTo('Bob');
  await alice.say('For the first Bob');
  await bob.open('Alice');
  await bob.sees('For the first Bob');

  await leaves(bob);
  await expect(alice.talk.getByText('left for good', { exact: true })).toBeVisible();
  await expect(alice.talk.getByText('Bob has left for good and won’t read new messages.')).toBeVisible();
  await expect(alice.composer).toBeHidden();
  await expect(alice.conversation('Bob')).toContainText('left for good');
  await alice.page.reload();
  await expect(alice.talk.getByText('Bob has left for good and')).toBeVisible();
  await expect(alice.composer).toBeHidden();

  const other = await people.guest('Bob');
  await alice.targetField.fill('Bob');
  await expect(alice.sidebar.getByRole('option', { name: /Bob/ })).toContainText('not the same person as before');
  await alice.targetField.fill('');
  await alice.hereNow.getByRole('button', { name: 'Bob', exact: true }).click();
  await expect(alice.talk.getByText('This is not the Bob you wrote with before')).toBeVisible();
  await alice.say('For the other Bob');
  await other.open('Alice');
  await other.sees('For the other Bob');
  await expect(other.page.locator('body')).not.toContainText('For the first Bob');
});

test('blocking a user affects no third user', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  const carol = await people.guest('Carol');
  await bob.talkTo('Alice');
  await bob.say('Hey you');
  await expect(alice.conversation('Bob', 1)).toBeVisible();
  await bob.open('Lobby');
  await bob.say('Look at me');

  await alice.choose('Block user', 'Look at me');
  await expect(alice.message('Look at me')).toBeHidden();
  await expect(alice.conversation('Bob')).toBeHidden();
  await expect(alice.page).toHaveTitle('Teahouse');

  await bob.say('Still here');
  await carol.sees('Still here');
  await bob.open('Alice');
  await bob.say('Psst');
  await bob.open('Lobby');
  await carol.say('Hello Bob');
  await bob.sees('Hello Bob');
  await alice.sees('Hello Bob');
  expect(alice.frames.received.filter((frame) => frame.includes('Psst'))).toEqual([]);
  await expect(alice.page.locator('main')).not.toContainText('Still here');
  await expect(alice.conversation('Bob')).toBeHidden();
  await alice.page.reload();
  await alice.isInside();
  await alice.sees('Hello Bob');
  await expect(alice.page.locator('main')).not.toContainText('Still here');

  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Unblock: Bob' }).click();
  await expect(alice.settings.getByText('Blocked users')).toBeHidden();
  await alice.page.keyboard.press('Escape');
  await alice.sees('Still here');
  await bob.open('Alice');
  await bob.say('Are you there?');
  await expect(alice.conversation('Bob', 1)).toBeVisible();
  await alice.open('Bob');
  await alice.sees('Psst');
  await alice.sees('Are you there?');
});

test('a direct can be hidden, and its user blocked, from its header', async ({ people }) => {
  const alice = await people.guest('Alice');
  const bob = await people.guest('Bob');
  await bob.talkTo('Alice');
  await bob.say('One');
  await alice.open('Bob');
  await alice.talk.getByRole('button', { name: 'Hide from list' }).click();
  await alice.isTalkingTo('Lobby');
  await expect(alice.conversation('Bob')).toBeHidden();
  await bob.say('Two');
  await expect(alice.conversation('Bob', 1)).toBeVisible();
  await alice.open('Bob');
  await alice.sees('One');
  await alice.talk.getByRole('button', { name: 'Block user' }).click();
  await alice.isTalkingTo('Lobby');
  await bob.say('Three');
  await alice.hereNow.getByRole('button', { name: 'Bob', exact: true }).click();
  await expect(alice.conversations.getByText('You have blocked this user.')).toBeVisible();
  await expect(alice.conversation('Bob')).toBeHidden();
});

test.describe('with many directs', () => {
  test.use({ serverOptions: ['--unlimited'] });

  test('the list shows a hundred directs and more on demand, and older ones return with new messages', async ({ house, people }) => {
    const alice = await people.guest('Alice');
    const sockets: JsonSocket[] = [];
    for (let number = 1; number <= 103; number += 1) {
      const socket = await JsonSocket.open(`${house.socketAddress}/Guest%20${number}`);
      socket.send({ to_user: 'Alice', msg: 'hello' });
      sockets.push(socket);
    }
    const links = alice.conversations.getByRole('link', { name: /^Guest/ });
    await expect(links).toHaveCount(103);
    await alice.page.reload();
    await alice.isInside();
    await expect(links).toHaveCount(100);
    await expect(alice.page).toHaveTitle('(100) Teahouse');

    const shown = await links.allInnerTexts();
    const missing = Array.from({ length: 103 }, (_, index) => index + 1).find(
      (number) => !shown.some((text) => text.split('\n').some((line) => line.trim() === `Guest ${number}`)),
    );
    sockets[missing! - 1].send({ to_user: 'Alice', msg: 'are you there?' });
    await expect(alice.conversation(`Guest ${missing}`, 2)).toBeVisible();
    await alice.conversations.getByRole('button', { name: 'Show more' }).click();
    await expect(links).toHaveCount(103);
    await expect(alice.conversations.getByRole('button', { name: 'Show more' })).toBeHidden();
    for (const socket of sockets) socket.close();
  });
});
