"use strict";
// Everything is written as text: nothing of the network is read as HTML.
const data = JSON.parse(document.getElementById("data").textContent);
const list = document.getElementById("list");
const search = document.getElementById("search");
const filter = document.getElementById("filter");
const count = document.getElementById("count");
const STATES = { same: "runs what is intended", drift: "differs", reset: "sessions will reset", unknown: "could not be asked" };

function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) if (value !== null) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== ""));
  return made;
}

function plural(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function lines(items, attributes) {
  return make("ul", attributes, ...items.map((item) => make("li", {}, item)));
}

function policyOf(session, [family, direction, place]) {
  const policy = data.policies[place];
  const verb = direction === "in" ? "accepts" : "announces";
  const part = make("section", {});
  part.append(make("h4", {}, `${family}, ${direction}` + (policy.attached.length ? `: ${policy.attached.join(", ")}` : ": nothing is attached")));
  for (const [by, routes, does, cases] of policy.ways) {
    part.append(make("p", {}, make("span", { class: "good" }, verb), ` ${routes}`, make("span", { class: "note" }, ` (${by})`)));
    if (does.length) part.append(make("p", {}, `These routes change: ${does.join("; ")}.`));
    if (cases.length) part.append(make("p", {}, "Of these routes, those:"), lines(cases));
  }
  if (!policy.ways.length && !policy.undecided.length) part.append(make("p", {}, make("span", { class: "remove" }, `${verb} nothing`)));
  if (policy.undecided.length) {
    part.append(make("p", { class: "warning" }, "Not decided: the sets here may be incomplete."));
    part.append(lines(policy.undecided.map(([why, prefixes]) => `${prefixes}: ${why}`)));
  }
  if (policy.refused_by.length) {
    part.append(make("details", {}, make("summary", {}, "What is refused, and by what"), lines(policy.refused_by)));
  }
  if (policy.prefixes.length) {
    const total = policy.prefixes.length + policy.left_out;
    const set = make("details", {}, make("summary", {}, `The exact set of prefixes: ${plural(total, "line")}`), lines(policy.prefixes, { class: "set" }));
    if (policy.left_out) set.append(make("p", {}, `and ${policy.left_out} more lines, which are not on this page`));
    part.append(set);
  }
  return part;
}

function sessionOf(router, session) {
  const up = router.observed && router.observed.sessions ? router.observed.sessions[`${session.vrf || ""} ${session.neighbor}`] : undefined;
  const head = make("summary", {}, session.neighbor + (session.vrf ? ` in vrf ${session.vrf}` : ""),
    session.description ? ` ${session.description}` : "",
    make("span", { class: "note" }, ` ${session.external ? "eBGP" : "iBGP"}${/^[0-9]+$/.test(session.remote) ? `, AS ${session.remote}` : ""}${session.group ? `, group ${session.group}` : ""}${session.shutdown ? ", shut down" : ""}`),
    up === true ? make("span", { class: "good" }, " up") : up === false ? make("span", { class: "remove" }, " down") : "");
  const made = make("details", { class: "session" }, head);
  made.addEventListener("toggle", () => fillSession(made, session));
  return made;
}

function fillSession(made, session) {
  if (!made.open || made.children.length > 1) return;
  const parts = session.policies.map((one) => policyOf(session, one));
  made.append(...(parts.length ? parts : [make("p", {}, data.deep ? "No address family is active." : "Policies are judged once the inventory has no error.")]));
}

function planOf(seen) {
  const part = make("section", {}, make("h3", {}, "Plan"));
  if (!seen.plan) {
    part.append(make("pre", { class: "error" }, seen.error));
    return part;
  }
  const plan = seen.plan;
  part.append(make("p", {}, make("strong", {}, plan.summary)));
  const impacts = plan.sessions.filter((one) => one.impact !== "none");
  if (impacts.length) {
    part.append(make("h4", {}, "What becomes of sessions"));
    part.append(lines(impacts.map((one) => make("span", { class: one.impact === "reset" ? "resets" : null }, `${one.neighbor}${one.vrf ? ` in vrf ${one.vrf}` : ""}: ${one.impact} (${one.because})`))));
  }
  if (seen.routes.length) part.append(make("h4", {}, "What becomes of routes"), lines(seen.routes));
  if (plan.warnings.length) part.append(make("h4", {}, "Warnings"), lines(plan.warnings));
  if (plan.changes.length) {
    part.append(make("h4", {}, "Changes"));
    for (const change of plan.changes) {
      const sign = { add: "+", modify: "~", remove: "-" }[change.op] || "~";
      part.append(make("pre", {}, make("span", { class: change.op }, `${sign} ${change.path}${change.impact === "none" ? "" : ` (${change.impact})`}`),
        change.before === null ? "" : `\n    - ${change.before}`, change.after === null ? "" : `\n    + ${change.after}`));
    }
  }
  if (plan.leftovers.length) {
    part.append(make("details", {}, make("summary", {}, `Left unchanged, not in the model: ${plural(plan.leftovers.length, "line")}`), make("pre", {}, plan.leftovers.join("\n"))));
  }
  return part;
}

function fillRouter(made, router) {
  if (!made.open || made.children.length > 1) return;
  if (router.description) made.append(make("p", {}, router.description));
  made.append(make("p", { class: "note" }, `${router.platform}, FRR ${router.frr_version}${router.router_id ? `, router ID ${router.router_id}` : ""}`));
  if (router.observed) made.append(planOf(router.observed));
  if (router.findings.length) {
    made.append(make("h3", {}, "Findings"), ...router.findings.map((one) => make("pre", { class: `finding ${one.severity}` }, one.text)));
  }
  made.append(make("h3", {}, "Sessions"));
  made.append(...(router.sessions.length ? router.sessions.map((one) => sessionOf(router, one)) : [make("p", {}, "None.")]));
}

const boxes = data.routers.map((router, number) => {
  const state = router.observed ? router.observed.state : "";
  const errors = router.findings.filter((one) => one.severity === "error").length;
  const head = make("summary", {}, router.name,
    router.asn ? make("span", {}, `AS ${router.asn}`) : "",
    make("span", {}, plural(router.sessions.length, "session")),
    router.findings.length ? make("span", { class: errors ? "error" : "warning" }, plural(router.findings.length, "finding")) : "",
    state ? make("span", { class: "chip" }, STATES[state]) : "");
  const made = make("details", { class: `box ${state}`.trim(), id: `r${number}` }, head);
  made.addEventListener("toggle", () => fillRouter(made, router));
  return made;
});
list.append(...boxes);

// an address as [its bits in all, its value]; null for anything else
function addressOf(text) {
  if (/^[0-9]{1,3}([.][0-9]{1,3}){3}$/.test(text)) {
    const parts = text.split(".").map(Number);
    return parts.every((part) => part < 256) ? [32, parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n)] : null;
  }
  if (!/^[0-9a-f:]*:[0-9a-f:]*$/.test(text)) return null;
  const halves = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const zeros = 8 - halves.flat().length;
  if (halves.length > 2 || (halves.length === 2) !== zeros > 0) return null;
  const parts = [...halves[0], ...Array(Math.max(zeros, 0)).fill("0"), ...(halves[1] || [])];
  if (parts.length !== 8 || parts.some((part) => part === "" || part.length > 4)) return null;
  return [128, parts.reduce((sum, part) => sum * 65536n + BigInt(`0x${part}`), 0n)];
}

// a prefix as {width, value, length}; an address alone is the longest prefix
function prefixOf(text) {
  const [address, length, more] = text.split("/");
  const found = addressOf(address);
  if (!found || more !== undefined || (length !== undefined && !/^[0-9]{1,3}$/.test(length))) return null;
  const [width, value] = found;
  const own = length === undefined ? width : Number(length);
  return own <= width ? { width, value: (value >> BigInt(width - own)) << BigInt(width - own), length: own } : null;
}

function holds(line, prefix) {
  const [block, ...bounds] = line.split(" ");
  const outer = prefixOf(block);
  let low = outer.length, high = outer.length;
  for (let at = 0; at < bounds.length; at += 2) {
    if (bounds[at] === "ge") low = Number(bounds[at + 1]);
    else high = Number(bounds[at + 1]);
  }
  const rest = BigInt(outer.width - outer.length);
  return outer.width === prefix.width && low <= prefix.length && prefix.length <= high
    && outer.value >> rest === prefix.value >> rest;
}

let texts = null;
function textOf(number) {
  texts ||= data.routers.map((router) => [router.name, router.description, router.platform, `as ${router.asn}`, router.router_id,
    ...router.sessions.flatMap((one) => [one.neighbor, one.description, `as ${one.remote}`, one.vrf, one.group]),
    ...router.findings.map((one) => one.text)].join("\n").toLowerCase());
  return texts[number];
}

function passes(router) {
  const state = router.observed ? router.observed.state : "";
  switch (filter.value) {
    case "findings": return router.findings.length > 0;
    case "error": return router.findings.some((one) => one.severity === "error");
    case "differs": return state === "drift" || state === "reset";
    case "reset": case "unknown": return state === filter.value;
    case "undecided": return router.sessions.some((one) => one.policies.some(([, , place]) => data.policies[place].undecided.length));
    default: return true;
  }
}

function show() {
  const word = search.value.trim().toLowerCase();
  const places = new Set();
  const prefix = prefixOf(word);
  let unknown = false;
  if (word) {
    data.policies.forEach((policy, place) => {
      const told = policy.attached.some((text) => text.toLowerCase().includes(word));
      if (told || (prefix && policy.prefixes.some((line) => holds(line, prefix)))) places.add(place);
      else if (prefix && (policy.left_out || policy.undecided.length)) unknown = true;
    });
  }
  let shown = 0;
  data.routers.forEach((router, number) => {
    const found = passes(router) && (!word || textOf(number).includes(word)
      || router.sessions.some((one) => one.policies.some(([, , place]) => places.has(place))));
    boxes[number].hidden = !found;
    shown += found;
  });
  const whose = prefix ? ` name ${word}, or let it through` : "";
  count.value = `${shown} of ${plural(boxes.length, "router")}${whose}`
    + (unknown ? "; of others that is not known, for their sets are undecided or longer than this page shows" : "");
}

function openAll(root) {
  for (const one of root) {
    if (one.hidden) continue;
    one.open = true;
    fillRouter(one, data.routers[Number(one.id.slice(1))]);
  }
}

function toHash() {
  const target = document.getElementById(location.hash.slice(1));
  if (target && target.classList.contains("box")) {
    target.hidden = false;
    target.open = true;
    target.scrollIntoView();
    target.firstElementChild.focus();
  }
}

search.addEventListener("input", show);
filter.addEventListener("change", show);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("open").addEventListener("click", () => openAll(boxes));
document.getElementById("close").addEventListener("click", () => { for (const one of boxes) one.open = false; });
for (const button of document.querySelectorAll("[data-search]")) {
  button.addEventListener("click", () => { search.value = button.dataset.search; show(); search.focus(); });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.matches("input, select, textarea")) { event.preventDefault(); search.focus(); }
});
const picture = document.getElementById("picture");
if (picture) {
  picture.addEventListener("toggle", () => {
    const room = picture.querySelector(".picture");
    if (picture.open && !room.firstChild) room.append(picture.querySelector("template").content);
  });
}
addEventListener("hashchange", toHash);
// paper has no buttons: what is shown is printed whole
addEventListener("beforeprint", () => {
  openAll(boxes);
  for (const [number, box] of boxes.entries()) {
    if (box.hidden) continue;
    [...box.querySelectorAll(".session")].forEach((one, place) => { one.open = true; fillSession(one, data.routers[number].sessions[place]); });
  }
});
show();
toHash();
