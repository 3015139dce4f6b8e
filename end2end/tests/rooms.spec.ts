import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { registerUser, withoutJavaScript } from '../fixtures/registered_users.ts';
import { addMember, createRoom, directoryRow, newRoomDialog, openAbout, openMembers, roomPanel } from '../fixtures/rooms.ts';
import { expect, test } from '../fixtures/test.ts';
import { PHONE } from '../fixtures/users.ts';

async function expectNoViolations(page: Page, screen: string): Promise<void> {
  await test.step(screen, async () => {
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const found = violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.target}`));
    expect.soft(found, screen).toEqual([]);
  });
}

test('a room is created, found, joined and left', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');

  await createRoom(alice, 'Reading circle', { topic: 'One book a month' });
  await expect(alice.composer, 'the new room is ready to write in').toBeFocused();
  await expect(alice.conversationSection.getByText('One book a month')).toBeVisible();
  await alice.send('Which book is first?');

  await bob.conversationList.getByRole('link', { name: 'Browse' }).click();
  await bob.expectConversation('Rooms');
  const row = directoryRow(bob, 'Reading circle');
  await expect(row).toContainText('One book a month');
  await expect(row).toContainText('1 member');
  await row.getByRole('button', { name: 'Join Reading circle' }).click();
  await expect(row).toContainText('Joined');
  await expect(row.getByRole('link')).toBeFocused();
  await row.getByRole('link').click();
  await bob.expectConversation('Reading circle');
  await bob.expectMessage('Which book is first?');
  await bob.send('The one about tea');
  await alice.expectMessage('The one about tea');
  await expect(alice.log.getByText('Bob joined')).toBeVisible();
  await expect(alice.page.getByRole('button', { name: '2 members' })).toBeVisible();

  const about = await openAbout(bob);
  await about.getByRole('button', { name: 'Leave room' }).click();
  await about.getByRole('button', { name: 'Stay' }).click();
  await about.getByRole('button', { name: 'Leave room' }).click();
  await about.getByRole('button', { name: 'Leave room' }).click();
  await bob.expectConversation('Lobby');
  await expect(bob.conversationLink('Reading circle')).toBeHidden();
  await expect(alice.log.getByText('Bob left')).toBeVisible();
  await expect(alice.page.getByRole('button', { name: '1 member' })).toBeVisible();
});

test('a room’s unread messages are counted, and rooms with new messages come first', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const names = () => alice.conversationList.locator('ul').first().locator('.name').allInnerTexts();
  const older = await createRoom(alice, 'Older');
  await createRoom(alice, 'Newer');
  await expect.poll(names).toEqual(['Lobby', 'Newer', 'Older']);

  await bob.page.goto(`/talk/${older}`);
  await bob.page.getByRole('button', { name: 'Join', exact: true }).click();
  await bob.expectConversation('Older');
  await bob.send('Anybody here?');

  await expect(alice.conversationLink('Older', 1)).toBeVisible();
  await expect.poll(names).toEqual(['Older', 'Lobby', 'Newer']);
  await alice.page.reload();
  await alice.expectSignedIn();
  await expect.poll(names, 'after a reload').toEqual(['Older', 'Lobby', 'Newer']);
});

test('nobody outside learns of a private room', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const carol = await registerUser(users, 'Carol');
  const room = await createRoom(alice, 'Surprise', { topic: 'For the birthday', private: true });
  await addMember(alice, 'Bob');
  await expect(bob.conversationLink('Surprise')).toBeVisible();
  await bob.openConversation('Surprise');
  await bob.send('She knows nothing');
  await alice.expectMessage('She knows nothing');

  await carol.page.goto('/rooms');
  await expect(carol.conversationSection.getByText('There are no rooms yet')).toBeVisible();
  await carol.page.getByRole('searchbox', { name: 'Search rooms' }).fill('Surprise');
  await expect(carol.conversationSection.getByText('No room matches')).toBeVisible();
  carol.pageErrors.allowStatus(404);
  await carol.page.goto(`/talk/${room}`);
  await expect(carol.page.getByText('This conversation doesn’t exist, or you aren’t in it.')).toBeVisible();
  const unknown = room.replace(/.{4}$/, '0000');
  const answers = async (id: string) => {
    const paths = [`/api/rooms/${id}`, `/api/conversations/${id}`, `/api/conversations/${id}/members`, `/api/conversations/${id}/messages`];
    const responses = await Promise.all(paths.map((path) => carol.page.request.get(path)));
    return Promise.all(responses.map(async (response) => [response.status(), await response.text()]));
  };
  const ofRoom = await answers(room);
  expect(ofRoom, 'the same answers as for a room that does not exist').toEqual(await answers(unknown));
  expect(ofRoom.map(([status]) => status)).toEqual([404, 404, 404, 404]);

  // Carol receives this later message, so nothing for her is still on its way.
  await carol.page.goto('/');
  await carol.expectSignedIn();
  await bob.openConversation('Lobby');
  await bob.send('Tea is ready');
  await carol.expectMessage('Tea is ready');
  for (const text of ['Surprise', 'birthday', 'She knows nothing', room]) {
    expect(carol.frames.received.filter((frame) => frame.includes(text)), text).toEqual([]);
  }
  const page = await carol.page.request.get(`/talk/${room}`);
  expect(await page.text()).not.toMatch(/Surprise|birthday|She knows nothing/);
});

test('members are added, promoted and removed', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const room = await createRoom(alice, 'Kitchen', { private: true });
  await addMember(alice, 'Bob');
  await bob.openConversation('Kitchen');
  await expect(alice.log.getByText('Alice added Bob')).toBeVisible();

  const panel = await openMembers(alice);
  const row = panel.getByRole('listitem').filter({ hasText: 'Bob' });
  await row.getByRole('button', { name: 'Bob' }).click();
  await row.getByRole('button', { name: 'Make room moderator' }).click();
  await expect(row).toContainText('room moderator');
  await expect(bob.log.getByText('Alice made Bob a moderator')).toBeVisible();
  const about = await openAbout(bob);
  await expect(about.getByRole('textbox', { name: 'Topic' }), 'a moderator may change the topic').toBeVisible();
  await expect(about.getByRole('button', { name: 'Archive room' })).toBeHidden();

  await row.getByRole('button', { name: 'Bob' }).click();
  await row.getByRole('button', { name: 'Remove from room' }).click();
  await expect(row.getByText('Remove Bob from this room?')).toBeVisible();
  await row.getByRole('button', { name: 'Remove from room' }).click();
  await expect(row).toBeHidden();
  await expect(bob.conversationLink('Kitchen')).toBeHidden();
  bob.pageErrors.allowStatus(404);
  await expect(bob.page.getByText('This conversation doesn’t exist, or you aren’t in it.')).toBeVisible();
  expect((await bob.page.request.get(`/api/conversations/${room}/messages`)).status()).toBe(404);
  await expect(alice.log.getByText('Alice removed Bob')).toBeVisible();
  await expect(alice.page.getByRole('button', { name: '1 member' })).toBeVisible();

  await panel.getByRole('combobox', { name: 'Add people' }).fill('Nobody');
  await panel.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(panel.getByText('No user has that nickname.')).toBeVisible();
});

test('whoever leaves a private room goes to the Lobby without asking for the room again', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const room = await createRoom(alice, 'Kitchen', { private: true });
  await addMember(alice, 'Bob');
  await bob.openConversation('Kitchen');
  const asked: string[] = [];
  bob.page.on('request', (request) => asked.push(request.url()));
  const about = await openAbout(bob);
  await about.getByRole('button', { name: 'Leave room' }).click();
  await about.getByRole('button', { name: 'Leave room' }).click();
  await bob.expectConversation('Lobby');
  await expect(bob.conversationLink('Kitchen')).toBeHidden();
  expect(asked.filter((url) => url.includes(`/api/rooms/${room}`))).toEqual([]);
});

test('an owner changes a room, closes it for writing, archives and restores it', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const room = await createRoom(alice, 'News');
  await bob.page.goto(`/talk/${room}`);
  await bob.page.getByRole('button', { name: 'Join', exact: true }).click();
  await bob.expectConversation('News');
  const note = bob.conversationSection.getByText('Only moderators and owners write here');

  await alice.send('All the news');
  const about = await openAbout(alice);
  await about.getByRole('textbox', { name: 'Name' }).fill('Announcements');
  await about.getByRole('textbox', { name: 'Name' }).press('Enter');
  await bob.expectConversation('Announcements');
  await expect(bob.log.getByText('Alice renamed the room to “Announcements”')).toBeVisible();
  await about.getByRole('textbox', { name: 'Topic' }).fill('Once a week');
  await about.getByRole('textbox', { name: 'Topic' }).press('Enter');
  await expect(bob.conversationSection.locator('.topic').getByText('Once a week', { exact: true })).toBeVisible();

  await about.getByRole('radio', { name: 'Only moderators and owners' }).check();
  await expect(note).toBeVisible();
  await expect(bob.composer).toBeHidden();
  await expect(alice.composer).toBeVisible();
  await about.getByRole('radio', { name: 'All members' }).check();
  await expect(bob.composer).toBeVisible();

  await about.getByRole('button', { name: 'Archive room' }).click();
  await expect(about.getByText('Nobody can write in it until an owner restores it')).toBeVisible();
  await about.getByRole('button', { name: 'Archive room' }).click();
  for (const user of [alice, bob]) {
    await expect(user.conversationSection.getByText('This room is archived.')).toBeVisible();
    await expect(user.composer).toBeHidden();
  }
  await alice.message('All the news').hover();
  await expect(alice.messageMenu.getByRole('button', { name: 'Copy link' })).toBeVisible();
  await expect(alice.messageMenu.getByRole('button', { name: 'Edit' })).toBeHidden();
  await expect(alice.messageMenu.getByRole('button', { name: '👍' })).toBeHidden();
  await expect(bob.conversationLink('Announcements archived'), 'it is listed while it is open').toBeVisible();
  await bob.openConversation('Lobby');
  await expect(bob.conversationLink('Announcements')).toBeHidden();
  await bob.page.goto('/rooms');
  await bob.page.getByRole('button', { name: 'Archive' }).click();
  await directoryRow(bob, 'Announcements').getByRole('link').click();
  await bob.expectConversation('Announcements');

  await about.getByRole('button', { name: 'Restore room' }).click();
  await expect(bob.composer).toBeVisible();
  await expect(alice.composer).toBeVisible();
});

test('the errors of the form stand at its fields', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  await createRoom(alice, 'Tea');
  await alice.conversationList.getByRole('button', { name: 'New room' }).click();
  const dialog = newRoomDialog(alice);
  const name = dialog.getByRole('textbox', { name: 'Name' });
  await expect(name).toBeFocused();
  await name.press('Enter');
  await expect(dialog.getByText('A name has 1 to 32 visible characters')).toBeVisible();
  await name.fill('TEA');
  await name.press('Enter');
  await expect(dialog.getByText('Another public room has this name')).toBeVisible();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await name.fill('Tea 2');
  await dialog.getByRole('textbox', { name: 'Topic' }).fill('x'.repeat(300));
  await name.press('Enter');
  await expect(dialog.getByText('A topic has at most 250 characters.')).toBeVisible();
  await expect(dialog.getByRole('textbox', { name: 'Topic' })).toBeFocused();

  await alice.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(alice.conversationList.getByRole('button', { name: 'New room' })).toBeFocused();
});

test('many who join and leave take one line, which opens', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const room = await createRoom(alice, 'Fair');
  for (const name of ['Bob', 'Carol', 'Dave', 'Erin']) {
    const user = await registerUser(users, name);
    await user.page.goto(`/talk/${room}`);
    await user.page.getByRole('button', { name: 'Join', exact: true }).click();
    await user.expectConversation('Fair');
    await users.closeBrowser(user);
  }
  const summary = alice.log.getByRole('button', { name: 'Bob, Carol and 2 others joined' });
  await expect(summary).toHaveAttribute('aria-expanded', 'false');
  await expect(alice.log.getByText('Dave joined')).toBeHidden();
  await summary.press('Enter');
  await expect(alice.log.getByText('Dave joined')).toBeVisible();
  await expect(alice.log.getByText('Alice created this room')).toBeVisible();
});

test('a link leads to a message and marks it', async ({ users }) => {
  test.slow();
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const room = await createRoom(alice, 'Long talk');
  await alice.send('The first word');
  await alice.page.context().grantPermissions(['clipboard-read']);
  await alice.chooseAction('Copy link', 'The first word');
  await expect(alice.messageMenu.getByText('Link copied')).toBeVisible();
  const link = await alice.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`/talk/${room}/\\d+$`));
  for (let number = 1; number <= 130; number += 1) {
    await alice.composer.fill(`Word ${number}.`);
    await alice.composer.press('Enter');
  }
  await alice.expectMessage('Word 130.');
  await expect(alice.message('Word 130.')).not.toContainText('sending');

  await bob.page.goto(`/talk/${room}`);
  await bob.page.getByRole('button', { name: 'Join', exact: true }).click();
  await bob.expectMessage('Word 130.');
  await bob.page.goto(link);
  await expect(bob.message('The first word')).toBeInViewport();
  await expect(bob.message('The first word')).toHaveAttribute('data-named', '');
  await expect(bob.message('The first word'), 'for a moment').not.toHaveAttribute('data-named', '');
  await bob.page.getByRole('button', { name: 'Jump to latest message' }).click();
  await expect(bob.message('Word 130.')).toBeInViewport();
});

test('guests are told how to get an account, and can be added', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const guest = await users.guest('Gast');
  const room = await createRoom(alice, 'Tea');
  await expect(guest.conversationList.getByRole('button', { name: 'New room' })).toBeHidden();
  await expect(guest.conversationList.getByRole('link', { name: 'Browse' })).toBeHidden();
  await guest.page.goto('/rooms');
  await expect(guest.page.getByText('Set a password in the settings')).toBeVisible();
  await guest.page.goto(`/talk/${room}`);
  await expect(guest.page.getByRole('heading', { level: 1, name: 'Tea', exact: true })).toBeVisible();
  await expect(guest.page.getByText('Set a password in the settings')).toBeVisible();
  await expect(guest.page.getByRole('button', { name: 'Join' })).toBeHidden();

  await addMember(alice, 'Gast');
  await guest.expectConversation('Tea');
  await guest.send('Thank you');
  await alice.expectMessage('Thank you');
});

test('a guest who leaves the server leaves the room, and its members see it', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const guest = await users.guest('Gast');
  await createRoom(alice, 'Tea');
  await addMember(alice, 'Gast');
  await guest.openConversation('Tea');
  await guest.send('Bye');
  const members = await openMembers(alice);
  const row = members.getByRole('listitem').filter({ hasText: 'Gast' });
  await expect(row).toBeVisible();
  await guest.giveUpNickname();
  await expect(alice.log.getByText('Gast left')).toBeVisible();
  await expect(alice.page.getByRole('button', { name: '1 member' })).toBeVisible();
  await expect(row).toBeHidden();
});

test('the last owner cannot leave before another is appointed', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  await createRoom(alice, 'Ship');
  const about = await openAbout(alice);
  await about.getByRole('button', { name: 'Leave room' }).click();
  await about.getByRole('button', { name: 'Leave room' }).click();
  await expect(about.getByText('You are the only owner of this room.')).toBeVisible();
  await alice.expectConversation('Ship');
});

test('rooms are there before WebAssembly, and without JavaScript', async ({ users }) => {
  const alice = await registerUser(users, 'Alice');
  const bob = await registerUser(users, 'Bob');
  const room = await createRoom(alice, 'Garden', { topic: 'Roses' });
  await createRoom(alice, 'Cellar', { private: true });
  await alice.openConversation('Garden');
  await alice.send('It rained');

  const plainAlice = await withoutJavaScript(users, alice);
  await plainAlice.page.goto(`/talk/${room}`);
  await plainAlice.expectConversation('Garden');
  await plainAlice.expectMessage('It rained');
  await expect(plainAlice.conversationLink('Cellar private')).toBeVisible();
  await expect(plainAlice.log.getByText('Alice created this room')).toBeVisible();
  await plainAlice.composer.fill('All is green');
  await plainAlice.sendButton.click();
  await alice.expectMessage('All is green');

  const plainBob = await withoutJavaScript(users, bob);
  await plainBob.page.goto(`/talk/${room}`);
  await expect(plainBob.page.getByRole('heading', { level: 1, name: 'Garden' })).toBeVisible();
  await expect(plainBob.page.getByText('Roses')).toBeVisible();
  await expect(plainBob.page.locator('body')).not.toContainText('It rained');
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds no barrier on the screens of rooms, ${colorScheme}`, async ({ users }) => {
    const alice = await registerUser(users, 'Alice', { colorScheme });
    const bob = await registerUser(users, 'Bob', { colorScheme });
    const room = await createRoom(alice, 'Reading circle', { topic: 'One book a month' });
    await createRoom(alice, 'Surprise', { private: true });
    await addMember(alice, 'Bob');
    await expectNoViolations(alice.page, 'a private room with notices');
    const members = await openMembers(alice);
    const row = members.getByRole('listitem').filter({ hasText: 'Bob' });
    await row.getByRole('button', { name: 'Bob' }).click();
    await expect(row.getByRole('group', { name: 'Actions for Bob' })).toBeVisible();
    await expectNoViolations(alice.page, 'the members');
    await openAbout(alice);
    await expectNoViolations(alice.page, 'the settings of a room');
    await alice.page.keyboard.press('Escape');
    await expect(alice.page.getByRole('button', { name: 'About this room' })).toBeFocused();
    await alice.conversationList.getByRole('button', { name: 'New room' }).click();
    await newRoomDialog(alice).getByRole('textbox', { name: 'Name' }).press('Enter');
    await expect(newRoomDialog(alice).getByText('A name has')).toBeVisible();
    await expectNoViolations(alice.page, 'the dialog for a new room');
    await alice.page.keyboard.press('Escape');

    await bob.page.goto('/rooms');
    await expect(directoryRow(bob, 'Reading circle')).toBeVisible();
    await expectNoViolations(bob.page, 'the directory');
    await bob.page.goto(`/talk/${room}`);
    await expect(bob.page.getByRole('button', { name: 'Join', exact: true })).toBeVisible();
    await expectNoViolations(bob.page, 'a room from outside');
  });
}

test('on a phone a room, its panel and the directory are screens of their own', async ({ users }) => {
  const alice = await registerUser(users, 'Alice', PHONE);
  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();
  await createRoom(alice, 'Reading circle', { topic: 'One book a month' });
  await expect(alice.conversationList).toBeHidden();
  const panel = await openMembers(alice);
  await expect(panel).toBeInViewport({ ratio: 1 });
  await expect(panel.getByText(alice.nickname)).toBeVisible();
  await panel.getByRole('button', { name: 'Close' }).tap();
  await expect(roomPanel(alice, 'Members')).toBeHidden();
  await alice.page.getByRole('link', { name: 'Back to the list' }).tap();
  await alice.conversationList.getByRole('link', { name: 'Browse' }).tap();
  await expect(directoryRow(alice, 'Reading circle')).toBeVisible();
  const overflow = () => alice.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(await overflow()).toBe(0);
});
