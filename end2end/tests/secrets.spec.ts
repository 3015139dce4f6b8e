import { SocketClient } from '../fixtures/socket_client.ts';
import { expect, test } from '../fixtures/test.ts';

// Every test asserts at its end that the log contains no secret. These tests show that the check would find one.
test('the log check knows all secrets and finds them', async ({ server, users }) => {
  const alice = await users.guest('Alice');
  const data = { password: 'seven cups of tea', claim: server.takeClaimToken() };
  await alice.page.request.put('/api/me/password', { data });
  const invited = await alice.page.request.post('/api/invites', { data: {} });
  const { token: invite } = (await invited.json()) as { token: string };
  await SocketClient.signIn(server, 'Scribe');
  const [cookie] = (await alice.page.context().cookies()).filter(({ name }) => name.startsWith('teahouse_session'));

  const { secrets } = server;
  for (const secret of [cookie.value, 'seven cups of tea', 'seven+cups+of+tea', 'seven%20cups%20of%20tea', invite]) {
    expect(secrets.known).toContain(secret);
    const lines = ['TRACE teahouse: nothing of note', `TRACE teahouse: ${secret}`];
    expect(secrets.linesWithSecrets(lines)).toEqual([lines[1]]);
  }
  // Two session tokens, a password in three encodings, and an invite.
  expect(secrets.known.length).toBeGreaterThanOrEqual(6);
  expect(server.log.join('\n')).toContain('listening on');
});

test.describe('without JavaScript', () => {
  test('the log check knows the input of the sign-in page', async ({ server, users }) => {
    const alice = await users.openBrowser('Alice', { javaScriptEnabled: false });
    await alice.page.goto('/?invite=of-nobody-at-all');
    await alice.submitNickname();
    const [cookie] = (await alice.page.context().cookies()).filter(({ name }) => name.startsWith('teahouse_session'));
    expect(server.secrets.known).toEqual(expect.arrayContaining([cookie.value, 'of-nobody-at-all']));
  });
});
