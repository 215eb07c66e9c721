// The browser that every script here drives: started headless, every page watched. A
// message on a page's console, an exception in it or an answer that nobody expected is an
// error of the script that saw it.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { judge } from './judge.mjs';

const CHROMIUM = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 900 };

/** What the test said: addresses, folders. */
export const given = JSON.parse(process.argv[2]);

/** Runs `story` with a browser; `state` is a file of cookies to begin with. */
export async function withBrowser(story, state) {
  const { chromium } = createRequire(join(given.parts, 'from.cjs'))('playwright-core');
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS, headless: true });
  try {
    const context = await browser.newContext({ viewport: DESK, storageState: state });
    const troubles = [];
    const expected = new Set();
    // While a test keeps the server away, that it does not answer is no trouble.
    const away = { lost: false };
    context.on('page', (page) => watch(page, troubles, expected, away));
    await story({
      context,
      page: await context.newPage(),
      expect: (status, url) => expected.add(`${status} ${url}`),
      lost: (is) => { away.lost = is; },
    });
    assert.deepEqual(troubles, [], 'no page said anything on its console, and every answer was expected');
  } finally {
    await browser.close();
  }
}

function watch(page, troubles, expected, away) {
  // The browser itself writes refused answers to the console; those are judged as answers.
  page.on('console', (m) => m.text().startsWith('Failed to load resource') || troubles.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => troubles.push(`exception: ${e}`));
  page.on('requestfailed', (r) => {
    // A player stops a request when it has enough.
    if (away.lost) return;
    if (r.failure()?.errorText !== 'net::ERR_ABORTED') troubles.push(`failed: ${r.url()} ${r.failure()?.errorText}`);
  });
  page.on('response', (r) => {
    if (r.status() >= 400 && !expected.has(`${r.status()} ${r.url()}`)) troubles.push(`${r.status()} ${r.url()}`);
  });
}

/** Takes the page's picture in both schemes, at a desk and on a phone; checks what holds of each. */
export async function look(page, name) {
  for (const scheme of ['light', 'dark']) {
    for (const [size, viewport] of [['desk', DESK], ['phone', PHONE]]) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(viewport);
      await page.screenshot({ path: join(given.pictures, `${name}-${size}-${scheme}.png`) });
      const found = await page.evaluate(judge);
      const where = `${name}, ${size}, ${scheme}`;
      assert.equal(found.wide, 0, `${where}: pixels to scroll sideways`);
      assert.deepEqual(found.wrong, [], where);
      assert.equal(found.ground < 0.2, scheme === 'dark', `${where}: the background's lightness is ${found.ground}`);
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(DESK);
}
