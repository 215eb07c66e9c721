/**
 * What is wrong with the page that it runs in: controls without a name, text that stands
 * out too little (WCAG 2.2, 1.4.3: 4.5 to 1), no language, no title, not one heading of
 * the first level, content that is wider than the window. Self-contained: the browser
 * gets its source.
 */
export function judge() {
  const wrong = [];
  const root = document.documentElement;
  if (!root.lang) wrong.push('no language');
  if (!document.title) wrong.push('no title');
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (!document.querySelector('main')) wrong.push('no main');

  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (!e.labels?.length && !e.ariaLabel) wrong.push(`no label: ${e.outerHTML}`);
  }
  for (const e of document.querySelectorAll('a, button')) {
    if (!e.textContent.trim() && !e.ariaLabel) wrong.push(`no name: ${e.outerHTML}`);
  }
  for (const e of document.querySelectorAll('audio, [role=region], nav')) {
    if (!e.ariaLabel && !e.getAttribute('aria-labelledby')) wrong.push(`no name: ${e.outerHTML.slice(0, 80)}`);
  }
  for (const e of document.querySelectorAll('th:not([scope])')) wrong.push(`no scope: ${e.outerHTML}`);
  for (const e of document.querySelectorAll('main *')) {
    // What scrolls must be reached by the keyboard.
    const scrolls = e.scrollWidth > e.clientWidth && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
    if (scrolls && e.tabIndex < 0) wrong.push(`not reached by keyboard: ${e.outerHTML.slice(0, 80)}`);
  }

  // `rgb(r, g, b)`, or `color(srgb r g b)` of what a sheet mixes.
  const numbers = (colour) => {
    const [r, g, b, ...alpha] = colour.replace('srgb', '').match(/[\d.]+/g).map(Number);
    return colour.startsWith('color(') ? [r * 255, g * 255, b * 255, ...alpha] : [r, g, b, ...alpha];
  };
  const canvas = document.createElement('div');
  canvas.style.backgroundColor = 'Canvas';
  document.body.append(canvas);
  const bare = numbers(getComputedStyle(canvas).backgroundColor);
  canvas.remove();
  // What lets shine through is mixed with what lies behind it.
  const behind = (e) => {
    if (!e) return bare;
    const [r, g, b, a = 1] = numbers(getComputedStyle(e).backgroundColor);
    if (a >= 1) return [r, g, b];
    const under = behind(e.parentElement);
    return a > 0 ? [r, g, b].map((v, i) => v * a + under[i] * (1 - a)) : under;
  };
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const e = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim()) continue;
    const [one, other] = [luminance(numbers(getComputedStyle(e).color)), luminance(behind(e))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${e.outerHTML.slice(0, 80)}`);
  }
  return {
    wide: root.scrollWidth - root.clientWidth,
    ground: luminance(behind(document.body)),
    wrong: [...new Set(wrong)].slice(0, 10),
  };
}
