import { JsonSocket } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test('a former Bob is told apart from the new Bob', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await alice.openDirect('Bob');
  await alice.send('For the first Bob');
  await bob.openConversation('Alice');
  await bob.expectMessage('For the first Bob');

  await bob.giveUpNickname();
  await expect(alice.conversationSection.getByText('left for good', { exact: true })).toBeVisible();
  await expect(alice.conversationSection.getByText('Bob has left for good and won’t read new messages.')).toBeVisible();
  await expect(alice.composer).toBeHidden();
  await expect(alice.conversationLink('Bob')).toContainText('left for good');
  await alice.page.reload();
  await expect(alice.conversationSection.getByText('Bob has left for good and')).toBeVisible();
  await expect(alice.composer).toBeHidden();

  const other = await users.guest('Bob');
  await alice.recipientField.fill('Bob');
  await expect(alice.sidebar.getByRole('option', { name: /Bob/ })).toContainText('not the same person as before');
  await alice.recipientField.fill('');
  await alice.onlineList.getByRole('button', { name: 'Bob', exact: true }).click();
  await expect(alice.conversationSection.getByText('This is not the Bob you wrote with before')).toBeVisible();
  await alice.send('For the other Bob');
  await other.openConversation('Alice');
  await other.expectMessage('For the other Bob');
  await expect(other.page.locator('body')).not.toContainText('For the first Bob');
});

test('blocking a user affects no third user', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  const carol = await users.guest('Carol');
  await bob.openDirect('Alice');
  await bob.send('Hey you');
  await expect(alice.conversationLink('Bob', 1)).toBeVisible();
  await bob.openConversation('Lobby');
  await bob.send('Look at me');

  await alice.chooseAction('Block user', 'Look at me');
  await expect(alice.message('Look at me')).toBeHidden();
  await expect(alice.conversationLink('Bob')).toBeHidden();
  await expect(alice.page).toHaveTitle('Teahouse');

  await bob.send('Still here');
  await carol.expectMessage('Still here');
  await bob.openConversation('Alice');
  await bob.send('Psst');
  await bob.openConversation('Lobby');
  await carol.send('Hello Bob');
  await bob.expectMessage('Hello Bob');
  await alice.expectMessage('Hello Bob');
  expect(alice.frames.received.filter((frame) => frame.includes('Psst'))).toEqual([]);
  await expect(alice.page.locator('main')).not.toContainText('Still here');
  await expect(alice.conversationLink('Bob')).toBeHidden();
  await alice.page.reload();
  await alice.expectSignedIn();
  await alice.expectMessage('Hello Bob');
  await expect(alice.page.locator('main')).not.toContainText('Still here');

  await alice.settingsButton.click();
  await alice.settings.getByRole('button', { name: 'Unblock: Bob' }).click();
  await expect(alice.settings.getByText('Blocked users')).toBeHidden();
  await alice.page.keyboard.press('Escape');
  await alice.expectMessage('Still here');
  await bob.openConversation('Alice');
  await bob.send('Are you there?');
  await expect(alice.conversationLink('Bob', 1)).toBeVisible();
  await alice.openConversation('Bob');
  await alice.expectMessage('Psst');
  await alice.expectMessage('Are you there?');
});

test('a direct can be hidden, and its user blocked, from its header', async ({ users }) => {
  const alice = await users.guest('Alice');
  const bob = await users.guest('Bob');
  await bob.openDirect('Alice');
  await bob.send('One');
  await alice.openConversation('Bob');
  await alice.conversationSection.getByRole('button', { name: 'Hide from list' }).click();
  await alice.expectConversation('Lobby');
  await expect(alice.conversationLink('Bob')).toBeHidden();
  await bob.send('Two');
  await expect(alice.conversationLink('Bob', 1)).toBeVisible();
  await alice.openConversation('Bob');
  await alice.expectMessage('One');
  await alice.conversationSection.getByRole('button', { name: 'Block user' }).click();
  await alice.expectConversation('Lobby');
  await bob.send('Three');
  await alice.onlineList.getByRole('button', { name: 'Bob', exact: true }).click();
  await expect(alice.conversationList.getByText('You have blocked this user.')).toBeVisible();
  await expect(alice.conversationLink('Bob')).toBeHidden();
});

test('a direct that is hidden in one tab is left in the other, and so is one whose user is blocked', async ({ users }) => {
  const alice = await users.guest('Alice');
  await users.guest('Bob');
  await alice.openDirect('Bob');
  await alice.send('One');
  const tab = await users.openTab(alice);
  for (const button of ['Hide from list', 'Block user']) {
    await alice.openDirect('Bob');
    await tab.openConversation('Bob');
    await alice.conversationSection.getByRole('button', { name: button }).click();
    await alice.expectConversation('Lobby');
    await tab.expectConversation('Lobby');
  }
});

test.describe('with many directs', () => {
  test.use({ serverOptions: ['--unlimited'] });

  test('the list shows a hundred directs and more on demand, and older ones return with new messages', async ({ server, users }) => {
    const alice = await users.guest('Alice');
    const sockets: JsonSocket[] = [];
    for (let number = 1; number <= 103; number += 1) {
      const socket = await JsonSocket.open(`${server.wsUrl}/Guest%20${number}`);
      socket.send({ to_user: 'Alice', msg: 'hello' });
      sockets.push(socket);
    }
    const links = alice.conversationList.getByRole('link', { name: /^Guest/ });
    await expect(links).toHaveCount(103);
    await alice.page.reload();
    await alice.expectSignedIn();
    await expect(links).toHaveCount(100);
    await expect(alice.page).toHaveTitle('(100) Teahouse');

    const shown = await links.allInnerTexts();
    const missing = Array.from({ length: 103 }, (_, index) => index + 1).find(
      (number) => !shown.some((text) => text.split('\n').some((line) => line.trim() === `Guest ${number}`)),
    );
    sockets[missing! - 1].send({ to_user: 'Alice', msg: 'are you there?' });
    await expect(alice.conversationLink(`Guest ${missing}`, 2)).toBeVisible();
    await alice.conversationList.getByRole('button', { name: 'Show more' }).click();
    await expect(links).toHaveCount(103);
    await expect(alice.conversationList.getByRole('button', { name: 'Show more' })).toBeHidden();

    // One that the list does not show at first opens by its address.
    const oldest = (await links.last().innerText()).split('\n').find((line) => line.startsWith('Guest'))!.trim();
    await links.last().click();
    await alice.expectConversation(oldest);
    await alice.openConversation('Lobby');
    await alice.page.reload();
    await alice.expectSignedIn();
    await expect(links).toHaveCount(100);
    await alice.page.goBack();
    await alice.expectConversation(oldest);
    await expect(links).toHaveCount(101);
    for (const socket of sockets) socket.close();
  });
});
