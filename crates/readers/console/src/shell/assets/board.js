// Keeps a board up to date: /api/v1/live/stream, event by event.
//
// Rows are found by data-key and their figures by data-field, so that what did not change is
// not touched (a reader's focus and a screen reader's place stay). The browser takes up the
// stream again by itself where the connection broke; where the server refused, this file does,
// with growing pauses.
"use strict";

(() => {
  const board = document.getElementById("board");
  if (!board) return;
  const what = board.dataset.live;
  const rows = board.tBodies ? board.tBodies[0] : board;
  const template = document.getElementById(what === "agents" ? "agent-row" : "queue-row").content.firstElementChild;
  const standing = document.getElementById("standing");
  const empty = document.querySelector(".empty");
  const states = { talking: "Talking", acw: "After-call work", ringing: "Ringing", paused: "Paused", available: "Available" };
  const signs = { warning: "▲", alarm: "◆" };
  let latest = null;
  let heard = 0;
  let skew = 0;
  let pause = 1000;

  const dash = (v, show) => (v === null || v === undefined ? "–" : show(v));
  const { number, rate, duration } = ringledger;
  const now = () => Date.now() + skew;
  const since = (row, text, still) => (text ? duration((row.live ? now() : Date.parse(still)) - Date.parse(text)) : "–");

  // Of a link to calls: since the reader's midnight.
  function today() {
    const at = new Date();
    const two = (n) => String(n).padStart(2, "0");
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    return `&from=${date}&tz=${encodeURIComponent(ringledger.zone())}`;
  }

  function texts(row) {
    if (what === "agents") {
      return {
        agent: row.agent,
        state: states[row.state] || row.state,
        since: since(row, row.since, latest.as_of[row.switch] || latest.at),
        reason: dash(row.reason, String),
        queue: dash(row.queue, String),
        queues: row.queues.map((q) => (row.paused_in.includes(q) ? `${q} (paused)` : q)).join(", "),
      };
    }
    const wait = row.live && row.waiting_since ? now() - Date.parse(row.waiting_since) : row.longest_wait_ms;
    const counts = {};
    for (const name of Object.keys(row)) if (Number.isInteger(row[name])) counts[name] = number.format(row[name]);
    return {
      ...counts,
      queue: row.queue,
      longest_wait_ms: duration(row.waiting > 0 ? wait : 0),
      asa_ms: dash(row.asa_ms, duration),
      sl_threshold_ms: dash(row.sl_threshold_ms, duration),
      service_level: dash(row.service_level, rate.format),
      abandon_rate: dash(row.abandon_rate, rate.format),
    };
  }

  function fill(element, row) {
    const said = texts(row);
    element.dataset.live = row.live;
    if (row.state) element.dataset.state = row.state;
    for (const cell of element.querySelectorAll("[data-field]")) {
      const field = cell.dataset.field;
      const level = row.levels ? row.levels[field] : undefined;
      const sign = signs[level];
      const text = said[field] ?? "–";
      if (cell.dataset.text === text && (cell.dataset.level || "good") === (level || "good")) continue;
      cell.dataset.text = text;
      if (cell.dataset.link) cell.href = `${cell.dataset.link}${encodeURIComponent(text)}${cell.dataset.today ? today() : ""}`;
      if (sign) {
        cell.dataset.level = level;
        const mark = document.createElement("span");
        mark.className = "sign";
        mark.setAttribute("role", "img");
        mark.setAttribute("aria-label", level);
        mark.textContent = sign;
        cell.replaceChildren(mark, ` ${text}`);
      } else {
        delete cell.dataset.level;
        cell.textContent = text;
      }
    }
  }

  const filters = document.getElementById("filters");
  if (filters) {
    filters.hidden = false;
    filters.addEventListener("input", () => latest && draw());
    filters.addEventListener("submit", (e) => e.preventDefault());
  }
  function wanted(row) {
    if (!filters) return true;
    const { state, queue } = Object.fromEntries(new FormData(filters));
    return (!state || row.state === state) && (!queue || row.queues.includes(queue));
  }

  function draw() {
    const list = latest[what].filter(wanted);
    const known = new Map([...rows.children].map((e) => [e.dataset.key, e]));
    let at = rows.firstElementChild;
    for (const row of list) {
      const key = what === "agents" ? `${row.switch}/${row.agent}` : `${row.center}/${row.queue}`;
      let element = known.get(key);
      known.delete(key);
      if (!element) {
        element = template.cloneNode(true);
        element.dataset.key = key;
      }
      fill(element, row);
      if (element === at) at = at.nextElementSibling;
      else rows.insertBefore(element, at);
    }
    for (const gone of known.values()) gone.remove();
    if (empty) empty.hidden = list.length > 0;
  }

  // What is wrong, above the board.
  function stand(lines) {
    const text = lines.join("\n");
    if (standing.dataset.text === text) return;
    standing.dataset.text = text;
    standing.replaceChildren(
      ...lines.map((line) => {
        const p = document.createElement("p");
        p.className = "notice";
        p.textContent = line;
        return p;
      }),
    );
  }
  function lines() {
    const said = latest.trouble ? [latest.trouble] : [];
    for (const s of latest.switches.filter((s) => !s.live)) {
      const at = s.as_of ? `: as of ${ringledger.moment.format(new Date(s.as_of))}` : "";
      said.push(`${s.switch} is not live${at}`);
    }
    return said;
  }

  function take(event) {
    latest = JSON.parse(event.data);
    latest.as_of = Object.fromEntries(latest.switches.map((s) => [s.switch, s.as_of]));
    heard = Date.now();
    skew = Date.parse(latest.at) - heard;
    pause = 1000;
    document.body.dataset.connection = "open";
    stand(lines());
    draw();
  }

  function listen() {
    const stream = new EventSource("/api/v1/live/stream");
    stream.addEventListener("board", take);
    stream.addEventListener("signed-out", () => {
      stream.close();
      location.reload();
    });
    stream.addEventListener("error", () => {
      document.body.dataset.connection = "lost";
      if (stream.readyState !== EventSource.CLOSED) return;
      stream.close();
      again();
    });
  }
  // The server refused: it is starting, or the session is over (then the page says so).
  function again() {
    setTimeout(async () => {
      const answer = await fetch("/api/v1/live").catch(() => null);
      if (answer && answer.status === 401) location.reload();
      else listen();
    }, pause);
    pause = Math.min(pause * 2, 30000);
  }

  // Waits go on between two events; silence is said.
  setInterval(() => {
    if (!latest) return;
    if (Date.now() - heard > 8000) {
      stand([`no connection since ${ringledger.moment.format(new Date(heard))}; trying again`]);
      document.body.dataset.connection = "lost";
    } else draw();
  }, 1000);
  listen();
})();
