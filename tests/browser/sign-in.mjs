// The sign-in page by keyboard alone: the link's code once, the same code again refused.
// Keeps the session's cookie in a file.
import assert from 'node:assert/strict';

import { given, look, withBrowser } from './browser.mjs';

await withBrowser(async ({ page, context, expect }) => {
  await page.goto(given.link);
  const field = page.getByRole('textbox', { name: 'One-time code' });
  assert.equal(await field.inputValue(), new URL(given.link).searchParams.get('code'), 'the link brings its code');
  await look(page, 'sign-in');
  await tabTo(page, field);
  await tabTo(page, page.getByRole('button', { name: 'Sign in' }));
  await page.keyboard.press('Enter');
  await page.getByText('You are signed in').waitFor();
  await look(page, 'signed-in');
  const [cookie, ...others] = await context.cookies();
  assert.deepEqual(others, []);
  assert.ok(cookie.httpOnly && cookie.sameSite === 'Lax', JSON.stringify(cookie));
  await context.storageState({ path: given.session });
});

// Somebody else finds the link in a mail.
await withBrowser(async ({ page, context, expect }) => {
  await page.goto(given.link);
  expect(403, `${given.console}/sign-in`);
  await page.getByRole('textbox', { name: 'One-time code' }).press('Enter');
  await page.getByRole('alert').filter({ hasText: 'used before' }).waitFor();
  assert.deepEqual(await context.cookies(), [], 'no session');
  await look(page, 'used-code');
});

/** Presses Tab until `wanted` has the focus, as somebody without a mouse does. */
async function tabTo(page, wanted) {
  for (let pressed = 0; pressed < 10; pressed += 1) {
    if (await wanted.evaluate((e) => e === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${wanted} is not reached by Tab`);
}
