import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

test.use({ serverOptions: ['--unlimited'] });

/** More messages than a page keeps: one, and seven times 57. */
const MESSAGE_COUNT = 400;

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `Number ${from + index}.`);
}

test('the page keeps the end of a long conversation and loads the rest again', async ({ users, server }) => {
  const reader = await users.guest('Reader');
  const writer = await SocketClient.signIn(server, 'Talker');
  await writer.send('Number 0.');
  for (let sent = 1; sent < MESSAGE_COUNT; sent += 57) await writer.sendMany(numbered(sent, sent + 57));

  await reader.expectMessage(`Number ${MESSAGE_COUNT - 1}.`);
  await expect.poll(() => reader.log.locator('.message').count()).toBeLessThan(150);
  await writer.edit('Number 0.', 'The first of all.');
  await expect(async () => {
    await reader.log.evaluate((log) => log.scrollTo(0, 0));
    await expect(reader.message('The first of all.')).toBeVisible({ timeout: 200 });
  }).toPass();
  const bodies = await reader.log.locator('.body').allTextContents();
  expect(bodies.length).toBeGreaterThan(100);
  expect(bodies).toEqual(['The first of all. edited', ...numbered(1, bodies.length)]);
  writer.close();
});

test('a busy room does not move a reader further up, and nothing is missing below', async ({ users, server }) => {
  const reader = await users.guest('Reader');
  const writer = await SocketClient.signIn(server, 'Talker');
  await writer.sendMany(numbered(0, 50));
  await reader.expectMessage('Number 49.');
  await reader.log.hover();
  await reader.page.mouse.wheel(0, -600);
  await expect(reader.page.getByRole('button', { name: 'Jump to latest message' })).toBeVisible();
  const boxBefore = await reader.message('Number 30.').boundingBox();

  for (let sent = 50; sent < MESSAGE_COUNT; sent += 50) await writer.sendMany(numbered(sent, sent + 50));
  await expect.poll(() => reader.frames.receivedOfType('event').length).toBeGreaterThanOrEqual(MESSAGE_COUNT);
  await expect.poll(() => reader.log.locator('.message').count()).toBeGreaterThan(100);

  expect(await reader.message('Number 30.').boundingBox()).toEqual(boxBefore);
  expect(await reader.log.locator('.message').count()).toBeLessThan(250);
  await expect(async () => {
    await reader.log.evaluate((log) => log.scrollTo(0, log.scrollHeight));
    await expect(reader.message(`Number ${MESSAGE_COUNT - 1}.`)).toBeVisible({ timeout: 200 });
  }).toPass();
  const bodies = await reader.log.locator('.body').allTextContents();
  expect(bodies).toEqual(numbered(MESSAGE_COUNT - bodies.length, MESSAGE_COUNT));
  writer.close();
});
