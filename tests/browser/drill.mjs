// From a figure of a report down to the switch's own bytes, and out as a file: what the page
// shows, what it opens and what it exports are the same. Then every other page is looked at.
import assert from 'node:assert/strict';

import { given, look, withBrowser } from './browser.mjs';

// The capture's half hour, on the clocks of UTC.
const RANGE = 'from=2026-11-22T05:30:00Z&to=2026-11-22T06:00:00Z&interval=15m&tz=UTC&service_level=switch';
const OTHERS = [
  ['reports-agents', `/reports/agents?${RANGE}`], ['reports-contacts', `/reports/contacts?${RANGE}`],
  ['staffing', '/staffing?queue=support&center=main&from=2026-11-22T05:30:00Z&to=2026-11-22T06:00:00Z'],
  ['calls', '/calls'], ['recordings', '/recordings'], ['health', '/health'],
  ['dead-letters', '/health/dead-letters'], ['parked', '/health/parked'],
];

await withBrowser(async ({ page }) => {
  await page.goto(`${given.console}/reports/queues?${RANGE}`);
  await look(page, 'reports-queues');
  const totals = page.locator('table').first();
  const header = await totals.locator('thead th').allTextContents();
  const place = header.findIndex((h) => h.trim() === 'abandoned');
  const row = totals.locator('tbody tr', { has: page.locator('th', { hasText: 'support' }) });
  // The row's own heading is the first cell.
  const figure = row.locator('th, td').nth(place).getByRole('link');
  const abandoned = Number(await figure.textContent());
  assert.ok(abandoned > 0, `${abandoned}`);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()]);
  const csv = await text(download);
  const [names, ...lines] = csv.trim().split('\n').map((line) => line.split(','));
  const exported = lines.map((cells) => Object.fromEntries(names.map((name, i) => [name.trim(), cells[i]])));
  const sum = exported.filter((r) => r.queue === 'support').reduce((n, r) => n + Number(r.abandoned), 0);
  assert.equal(sum, abandoned, 'the export adds up to the figure of the page');

  await figure.click();
  await look(page, 'reports-visits');
  const visits = page.locator('table tbody tr');
  assert.equal(await visits.count(), abandoned, 'as many visits as the figure says');
  await visits.first().getByRole('link').first().click();
  await page.locator('main svg').first().waitFor();
  assert.match(new URL(page.url()).pathname, /^\/calls\//);
  await look(page, 'contact');
  const raw = page.locator('details', { hasText: 'Queued' }).last();
  await raw.locator('summary').click();
  const said = await raw.textContent();
  assert.match(said, /cti\.events\/\d+\/\d+/, 'its position in the log');
  assert.match(said, /"Event": "QueueCallerJoin"[\s\S]*"Queue": "support"/, 'the message of the switch');

  for (const [name, path] of OTHERS) {
    const answer = await page.goto(`${given.console}${path}`);
    assert.equal(answer.status(), 200, path);
    await look(page, name);
  }
  console.log(JSON.stringify({ abandoned }));
}, given.session);

/** A download as text. */
async function text(download) {
  const parts = [];
  for await (const part of await download.createReadStream()) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
