// A recording's page for somebody who signed in: it asks for a reason, then plays, by
// range requests; without a reason, and where nothing is stored, there is no player.
import assert from 'node:assert/strict';

import { given, look, withBrowser } from './browser.mjs';

const REASON = 'a complaint, <b>"quoted"</b> & more';

await withBrowser(async ({ page }) => {
  await page.goto(given.recording);
  assert.equal(await page.locator('audio').count(), 0, 'no player before the reason');
  const field = page.getByRole('textbox', { name: /Why do you listen/ });
  await look(page, 'reason');
  await field.press('Enter');
  assert.ok(await field.evaluate((e) => e.matches(':invalid')), 'an empty reason is not sent');
  await field.fill(REASON);

  const media = page.waitForResponse((r) => r.url().includes('media=1'));
  await field.press('Enter');
  assert.equal(await page.getByText(`Reason: ${REASON}`).count(), 1, 'the reason is shown as text');
  const player = page.locator('audio');
  await look(page, 'player');
  await player.evaluate((a) => a.play());
  const answer = await media;
  assert.equal(answer.status(), 206);
  assert.match(answer.headers()['content-range'], /^bytes 0-\d+\/\d+$/);
  await page.waitForFunction(() => {
    const a = document.querySelector('audio');
    return a.error || (a.readyState >= 1 && a.currentTime > 0);
  });
  const heard = await player.evaluate((a) => ({ error: a.error?.message, seconds: a.duration }));
  assert.equal(heard.error, undefined);
  assert.ok(heard.seconds > 0 && Number.isFinite(heard.seconds), JSON.stringify(heard));
  await page.evaluate(() => document.querySelector('audio').pause());

  await page.goto(given.missing);
  await page.getByText('Nothing is stored').waitFor();
  assert.equal(await page.locator('audio, form').count(), 0);
  await look(page, 'missing');
  console.log(JSON.stringify({ reason: REASON, seconds: heard.seconds }));
}, given.session);
