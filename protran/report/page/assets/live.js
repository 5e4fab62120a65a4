// The live page: asks for the document again every few seconds, and takes it over where it has changed.

import { html, plainTable, prose, replaceIn } from "./elements.js";
import { amount } from "./numbers.js";

const SLOW = 10; // times as seldom, once a campaign is complete

// Calls `take` with each new document. Asks with the tag of the last one, so that an unchanged one costs nothing.
export function follow({ document_url: url, every_s: every, tag: first }, place, take) {
  let tag = first;
  const say = (kind, text) => replaceIn(place, html("span", { class: `lamp ${kind}`, "aria-hidden": "true" }), html("span", {}, text));
  const again = (factor) => setTimeout(ask, 1000 * every * factor);
  let done = false;
  async function ask() {
    try {
      const answer = await fetch(url, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
      if (answer.status === 200) {
        tag = answer.headers.get("ETag");
        const content = await answer.json();
        done = take(content);
      } else if (answer.status !== 304) throw new Error(String(answer.status));
      say(done ? "still" : "on", done ? "complete" : "live");
      again(done ? SLOW : 1);
    } catch {
      say("off", "no answer from the server; asking again");
      again(3);
    }
  }
  say("on", "live");
  again(1);
}

// The state of the fleet's devices, asked for by itself: it changes though no campaign does.
export function fleetPart({ fleet_url: url, every_s: every }) {
  const place = html("div", {}, html("p", { class: "hint" }, "Asking the controller …"));
  async function ask() {
    try {
      const answer = await fetch(url, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      replaceIn(place, fleetTable(await answer.json()));
    } catch {
      replaceIn(place, html("p", { class: "hint" }, "The server does not answer."));
    }
    setTimeout(ask, 2000 * every);
  }
  ask();
  return place;
}

function fleetTable(fleet) {
  if (!fleet.running) return html("p", { class: "hint" }, prose(fleet.reason));
  if (!fleet.devices.length) return html("p", { class: "hint" }, "The controller runs, and no device has joined yet.");
  return plainTable("Devices of the fleet", ["device", "state", "last heard", "load", "throttled", "queue", "remark"], fleet.devices.map((device) => [
    device.name, html("span", { class: `state ${device.state}` }, device.state), device.silent_s === null ? "–" : `${amount(device.silent_s, "s")} ago`,
    device.load === null ? "–" : amount(device.load, "count"), device.throttled === null ? "unknown" : device.throttled ? "yes" : "no", device.queue, device.reason]));
}
