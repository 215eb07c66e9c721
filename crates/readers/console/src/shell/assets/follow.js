// Keeps a page up to date: asks for it again every few seconds and takes over each part
// (data-follow) that has changed.
//
// A part that the reader is in (focus, or text marked) stays as it is, so that nothing is
// pulled away under their hands. Where the server does not answer, the page says since when.
"use strict";

(() => {
  const EVERY = 5000;
  const parts = () => document.querySelectorAll("[data-follow]");
  const known = new Map([...parts()].map((p) => [p.id, p.innerHTML]));
  const standing = document.getElementById("standing");
  let heard = Date.now();

  const busy = (part) => part.contains(document.activeElement) || part.contains(getSelection().focusNode) && !getSelection().isCollapsed;

  function take(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const part of parts()) {
      const news = page.getElementById(part.id);
      if (!news || known.get(part.id) === news.innerHTML || busy(part)) continue;
      known.set(part.id, news.innerHTML);
      part.replaceChildren(...news.childNodes);
      ringledger.show(part);
    }
  }

  function stand(text) {
    if (standing.textContent === text) return;
    standing.replaceChildren();
    if (!text) return;
    const p = document.createElement("p");
    p.className = "notice";
    p.textContent = text;
    standing.append(p);
  }

  async function ask() {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (answer && answer.redirected) return location.reload();
    if (!answer || !answer.ok) return stand(`no connection since ${ringledger.moment.format(new Date(heard))}; trying again`);
    take(await answer.text());
    heard = Date.now();
    stand("");
  }
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
})();
