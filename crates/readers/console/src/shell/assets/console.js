// What every page does: times and numbers in the reader's own form.
//
// A page is whole without this file. <time datetime> is shown in the reader's zone, with the
// server's text kept as its title (data-form="clock": the time of day alone); <data value
// data-kind> as a number of the reader's locale. An empty field data-zone gets the reader's zone;
// a form data-tidy sends no empty fields, so that its address stays short.
"use strict";

const ringledger = (() => {
  const number = new Intl.NumberFormat();
  const rate = new Intl.NumberFormat(undefined, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

  // Milliseconds as m:ss, or h:mm:ss from an hour on.
  function duration(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    const two = (n) => String(n).padStart(2, "0");
    const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
    return h > 0 ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
  }

  function show(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([data-shown])")) {
      const at = new Date(time.dateTime);
      if (!Number.isNaN(at.getTime())) {
        time.title = time.textContent;
        time.textContent = (time.dataset.form === "clock" ? clock : moment).format(at);
        time.dataset.shown = "";
      }
    }
    for (const data of root.querySelectorAll("data[value][data-kind]")) {
      const value = Number(data.value);
      if (data.dataset.kind === "count") data.textContent = number.format(value);
      if (data.dataset.kind === "rate") data.textContent = rate.format(value);
    }
  }

  // The zone of the reader, for forms that ask for one and were given none.
  function zone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  }

  function forms() {
    for (const field of document.querySelectorAll("input[data-zone]")) field.value ||= zone();
    for (const form of document.querySelectorAll("form[data-tidy]")) {
      form.addEventListener("formdata", (event) => {
        for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    show(document);
    forms();
  });
  return { number, rate, moment, duration, show, zone };
})();
