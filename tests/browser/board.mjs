// The live board while a switch is heard: a call joins, and the figure on the page moves. The
// server dies and comes back: the page follows it without being loaded again. The wall.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';

import { given, look, withBrowser } from './browser.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (what) => console.log(JSON.stringify(what));
const hear = async () => JSON.parse((await lines.next()).value);

// Somebody of another role: what is theirs they see, what is not is refused in words.
await withBrowser(async ({ page, expect }) => {
  await page.goto(given.other);
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  await page.goto(`${given.console}/`);
  await page.locator('body[data-connection=open]').waitFor();
  assert.equal(await page.getByRole('link', { name: 'Health' }).count(), 0, 'no way leads to what is not theirs');
  expect(403, `${given.console}/health`);
  assert.equal((await page.goto(`${given.console}/health`)).status(), 403);
  await page.getByText('your role does not allow this').waitFor();
  await look(page, 'refused');
  expect(403, `${given.console}/api/v1/health`);
  const told = await page.evaluate(async () => (await fetch('/api/v1/health')).json());
  assert.equal(told.status, 403);
});

await withBrowser(async ({ page, context, lost }) => {
  await page.goto(given.link);
  await page.getByRole('button', { name: 'Sign in', exact: true }).first().click();
  await page.goto(`${given.console}/`);
  await page.locator('body[data-connection=open]').waitFor();
  await look(page, 'board');

  for (;;) {
    const asked = await hear();
    if (asked.end) break;
    const cell = page.locator(`#board tr[data-key="main/${asked.queue}"] [data-field=offered]`);
    await page.waitForFunction(([key, wanted]) =>
      document.querySelector(`#board tr[data-key="${key}"] [data-field=offered]`)?.textContent === wanted,
    [`main/${asked.queue}`, String(asked.from)]);
    const changed = cell.evaluate((element) => new Promise((tell) => {
      new MutationObserver(() => tell({ at: Date.now(), text: element.textContent }))
        .observe(element, { childList: true, characterData: true, subtree: true });
    }));
    // The observer stands before the switch goes on.
    await page.evaluate(() => 0);
    say({ watching: true });
    say(await changed);
  }

  await page.evaluate(() => { window.sameDocument = true; });
  lost(true);
  say({ ready_for_death: true });
  await hear();
  await page.locator('body[data-connection=lost]').waitFor();
  say({ saw_it_die: true });
  await hear();
  await page.locator('body[data-connection=open]').waitFor({ timeout: 60_000 });
  lost(false);
  assert.ok(await page.evaluate(() => window.sameDocument), 'the page was not loaded again');
  assert.equal(await page.locator('.notice').count(), 0, 'nothing is wrong any more');

  await page.goto(`${given.console}/agents`);
  await page.locator('body[data-connection=open]').waitFor();
  assert.ok(await page.locator('#board tbody tr').count() > 0, 'agents are there');
  await look(page, 'agents');
  await page.getByLabel('State').selectOption('available');
  const states = await page.locator('#board tbody tr').evaluateAll((rows) => rows.map((r) => r.dataset.state));
  assert.ok(states.every((s) => s === 'available'), JSON.stringify(states));

  await page.goto(`${given.console}/wall`);
  await page.locator('body[data-connection=open]').waitFor();
  await look(page, 'wall');
  await page.setViewportSize({ width: 1920, height: 1080 });
  const wall = await page.evaluate(() => {
    const [tile] = document.querySelectorAll('.tile');
    while (document.querySelectorAll('.tile').length < 10) tile.parentElement.append(tile.cloneNode(true));
    const height = document.documentElement.scrollHeight;
    return { height, figure: parseFloat(getComputedStyle(tile.querySelector('[data-field=waiting]')).fontSize) };
  });
  await page.screenshot({ path: `${given.pictures}/wall-ten.png` });
  assert.ok(wall.height <= 1080, `ten queues fit on one screen: ${wall.height} pixels high`);
  // Five metres want letters of 2.5 cm (a two-hundredth): 44 of 1920 pixels on a screen of 1.1 m.
  assert.ok(wall.figure >= 50, `${wall.figure} pixels`);
});
say({ done: true });
