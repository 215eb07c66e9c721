// The reports' form: the reader's zone where the address names none, and names of zones to
// choose from. Without this file reports are in UTC until a zone is typed.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form.report-form");
  if (!form) return;
  const field = form.querySelector("#tz");
  const zones = form.querySelector("#zones");
  if (zones && Intl.supportedValuesOf) {
    for (const name of ["UTC", ...Intl.supportedValuesOf("timeZone")]) {
      zones.append(new Option(name, name));
    }
  }
  const address = new URL(location.href);
  const zone = ringledger.zone();
  if (field && !field.value) {
    // Times without an offset mean the zone's clocks: an address that has some keeps its UTC.
    const own = ["from", "to", "at", "arrivals"].some((name) => address.searchParams.get(name));
    if (!own && zone !== "UTC") {
      address.searchParams.set("tz", zone);
      location.replace(address);
    }
  }
});
