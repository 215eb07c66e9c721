// The CRM sandbox's page as an administrator sees it: what was written, each Task with a
// page of its own, and there the link to its recording. Prints that link.
import assert from 'node:assert/strict';

import { given, look, withBrowser } from './browser.mjs';

await withBrowser(async ({ page, expect }) => {
  await page.goto(given.sandbox);
  assert.equal(await page.title(), 'CRM sandbox');
  const tasks = page.getByRole('region', { name: 'Task', exact: true });
  assert.ok((await tasks.getByRole('row').count()) > 20, 'Tasks are listed');
  for (const name of ['Call_Metric__c', 'Queue_Interval_Metric__c']) {
    assert.ok((await page.getByRole('region', { name, exact: true }).getByRole('row').count()) > 1, name);
  }
  await look(page, 'sandbox');

  const stored = tasks.getByRole('row').filter({ has: page.locator(`a[href^="${given.console}/r/"]`) });
  await stored.first().getByRole('link').first().click();
  await page.waitForURL(/\/records\//);
  assert.equal(await page.getByRole('heading', { level: 1 }).innerText(), 'Task');
  const link = page.getByRole('row', { name: /^Recording_URL__c/ }).getByRole('link');
  const url = await link.getAttribute('href');
  assert.ok(url.startsWith(`${given.console}/r/`), url);
  await look(page, 'record');

  // Nobody has signed in: the link leads to a refusal that says what to do.
  expect(401, url);
  const answer = await Promise.all([page.waitForResponse(url), link.click()]).then(([a]) => a);
  assert.equal(answer.status(), 401);
  await page.waitForURL(url);
  assert.ok(await page.getByRole('textbox', { name: 'One-time code' }).isVisible(), 'a way to sign in');
  assert.equal(await page.locator('audio').count(), 0);
  await look(page, 'refused');
  console.log(url);
});
