import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

// That no secret stands in the log is asserted wherever a house closes. This shows that it would be seen.
test('the log check knows all secrets and finds them', async ({ house, people }) => {
  const alice = await people.guest('Alice');
  const data = { password: 'seven cups of tea', claim: house.takeClaim() };
  await alice.page.request.put('/api/me/password', { data });
  const invited = await alice.page.request.post('/api/invites', { data: {} });
  const { token: invite } = (await invited.json()) as { token: string };
  await SocketClient.join(house, 'Scribe');
  const [cookie] = (await alice.page.context().cookies()).filter(({ name }) => name.startsWith('teahouse_session'));

  const { secrets } = house;
  for (const secret of [cookie.value, 'seven cups of tea', 'seven+cups+of+tea', 'seven%20cups%20of%20tea', invite]) {
    expect(secrets.known).toContain(secret);
    const lines = ['TRACE teahouse: nothing of note', `TRACE teahouse: ${secret}`];
    expect(secrets.leaks(lines)).toEqual([lines[1]]);
  }
  // Two sessions' tokens, a password in three spellings, an invite.
  expect(secrets.known.length).toBeGreaterThanOrEqual(6);
  expect(house.log.join('\n')).toContain('listening on');
});

test.describe('without JavaScript', () => {
  test('the log check knows the input of the sign-in page', async ({ house, people }) => {
    const alice = await people.visitor('Alice', { javaScriptEnabled: false });
    await alice.page.goto('/?invite=of-nobody-at-all');
    await alice.submitNickname();
    const [cookie] = (await alice.page.context().cookies()).filter(({ name }) => name.startsWith('teahouse_session'));
    expect(house.secrets.known).toEqual(expect.arrayContaining([cookie.value, 'of-nobody-at-all']));
  });
});
