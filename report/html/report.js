"use strict";
// The filter, and the rows that are not HTML. Text goes into the page as
// text only; nothing here makes markup from it, and nothing asks a network.
(() => {
  const words = ["fail", "unknown", "waived", "attested", "pass", "n/a"];
  const classes = ["fail", "unknown", "waived", "attested", "pass", "not_applicable"];
  const severities = ["critical", "high", "medium", "low", "info"];
  const page = 50;
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const [P, R, STATUS, SEVERITY, TEXTS, CALLS] = [0, 1, 2, 3, 4, 5]; // of a finding

  // el makes an element; every child that is no node becomes text.
  const el = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) node.setAttribute(k, v);
    node.append(...children);
    return node;
  };

  const arn = (r) => (r[0] < 0 ? r[4] : data.prefixes[r[0]] + r[1]);
  const name = (r) => r[1] || arn(r);
  const service = (p) => data.policies[p][0].split("/")[0];
  const chip = (status, text) => el("span", { class: "chip " + classes[status] }, text);
  const number = new Intl.NumberFormat("en");
  const observed = (f) => el("td", { class: "any" }, ...f[TEXTS].map((t) => el("p", {}, data.texts[t])));

  function table(caption, heads, rows, kind) {
    const t = el("table", kind ? { class: kind } : {}, el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", { scope: "col" }, h)))), el("tbody", {}, ...rows));
    return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption }, t);
  }

  // paged shows the items a page at a time below one another. The button
  // gives its focus to the first new item.
  function paged(items, what, add) {
    const more = el("button", { type: "button" });
    let shown = 0;
    const next = () => {
      const first = add(items.slice(shown, shown + page));
      shown = Math.min(shown + page, items.length);
      const left = items.length - shown;
      more.hidden = left === 0;
      more.textContent = `Show ${Math.min(page, left)} more of ${left} ${what}`;
      return first;
    };
    more.addEventListener("click", () => {
      const first = next();
      if (first) { first.tabIndex = first.tabIndex < 0 ? -1 : first.tabIndex; first.focus(); }
    });
    next();
    return more;
  }

  // proof links to the cohort that a resource is, if it is one that the page has.
  const proof = (r, text) => (r[5] >= 0 ? [" ", el("a", { class: "proof", href: "#c-" + r[5] }, text)] : []);

  // references are links to the evidence register, neighbours joined.
  function references(calls) {
    const out = [];
    for (let i = 0, j; calls && i < calls.length; i = j + 1) {
      for (j = i; calls[j + 1] === calls[j] + 1; ) j++;
      out.push(el("a", { href: "#e-" + (calls[i] + 1) }, "E" + (calls[i] + 1) + (j > i ? "–E" + (calls[j] + 1) : "")), " ");
    }
    return out;
  }

  function policyRow(f) {
    const r = data.resources[f[R]];
    return el("tr", {}, el("td", {}, chip(f[STATUS], words[f[STATUS]])), el("th", { scope: "row", class: "any", title: arn(r) }, el("a", { href: "#r-" + f[R] }, name(r)), ...proof(r, "proof")),
      el("td", { class: "place" }, data.places[r[3]]), observed(f), el("td", { class: "refs" }, ...references(f[CALLS])));
  }

  // fillPolicy lists what a policy judged and the filter leaves.
  function fillPolicy(policy, rows = rowsOf(policy)) {
    const box = table("Resources of " + data.policies[policy.index][1], ["Status", "Resource", "Account, region", "Observed", "Evidence"], [], "findings");
    const body = box.querySelector("tbody");
    const more = paged(rows, "resources", (some) => {
      const made = some.map(policyRow);
      body.append(...made);
      return made[0];
    });
    policy.rows.replaceChildren(box, more);
  }

  function resourceRow(f) {
    return el("tr", {}, el("td", {}, chip(f[STATUS], words[f[STATUS]])), el("td", {}, severities[f[SEVERITY]]),
      el("th", { scope: "row" }, el("a", { href: "#p-" + f[P] }, data.policies[f[P]][0])), observed(f));
  }

  function callRow(i) {
    const [operation, region, request, time, status, error, digest] = data.calls[i];
    const code = data.words[error];
    const reply = status ? `${status} ${code}`.trim() : code || "no reply";
    return el("tr", {}, el("td", {}, "E" + (i + 1)), el("th", { scope: "row" }, data.words[operation]), el("td", {}, data.words[region]),
      el("td", { class: "time" }, new Date(time).toISOString().slice(0, 19).replace("T", " ") + " UTC"), el("td", {}, reply),
      el("td", { class: "code any" }, request), el("td", { class: "code any" }, digest || (status ? "not kept" : "")));
  }

  function fillResource(body, id, rows) {
    const r = data.resources[id];
    const parts = [el("p", { class: "code any" }, arn(r)), ...(r[5] >= 0 ? [el("p", {}, ...proof(r, "The proof, step by step"))] : []),
      table("Findings of " + name(r), ["Status", "Severity", "Policy", "Observed"], rows.map(resourceRow))];
    const calls = [...new Set(rows.flatMap((f) => f[CALLS] || []))];
    if (calls.length > 0) {
      parts.push(table("Evidence of " + name(r) + ": the API calls that the findings rest on",
        ["No.", "Operation", "Region", "Time", "Reply", "Request id", "SHA-256 of the reply"], calls.map(callRow), "calls"));
    }
    if (rows.some((f) => f[CALLS] === null)) parts.push(el("p", { class: "more" }, "More evidence calls are in the JSON report."));
    body.replaceChildren(...parts);
  }

  function resource([id, rows]) {
    const r = data.resources[id];
    const counts = [0, 0, 0, 0, 0, 0];
    for (const f of rows) counts[f[STATUS]]++;
    const chips = counts.flatMap((n, s) => (n > 0 ? [chip(s, `${number.format(n)} ${words[s]}`)] : []));
    const body = el("div", { class: "body" });
    const details = el("details", { class: "resource", id: "r-" + id }, el("summary", {}, el("span", { class: "head" }, el("span", { class: "title any" }, name(r)), " ",
      el("span", { class: "sub" }, `${data.types[r[2]]} · ${data.places[r[3]]}`)), el("span", { class: "chips" }, ...chips)), body);
    details.addEventListener("toggle", () => { if (details.open && !body.hasChildNodes()) fillResource(body, id, rows); });
    return details;
  }

  const policies = [...document.querySelectorAll("details.policy")].map((details) =>
    ({ details, rows: details.querySelector(".rows"), index: +details.id.slice(2) }));
  const value = (id) => ($(id) ? $(id).value : "");

  // The text that the filter looks through is made when it is first used.
  let texts = null;
  const lower = () => texts ||= [data.policies.map((p) => p.join("\n").toLowerCase()),
    data.resources.map((r) => [arn(r), r[0] < 0 ? r[1] : "", data.types[r[2]], data.places[r[3]]].join("\n").toLowerCase()),
    data.texts.map((t) => t.toLowerCase())];

  // matching are the findings that the filter leaves. Each word of the text
  // must be in the policy, the resource or what was observed.
  function matching() {
    const status = value("status"), severity = value("severity"), of = value("service"), place = value("place");
    const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
    if (!(status || severity || of || place || words.length)) return data.findings;
    const has = words.map((w) => lower().map((list) => Uint8Array.from(list, (s) => (s.includes(w) ? 1 : 0))));
    const services = data.policies.map((_, p) => !of || service(p) === of);
    const out = [];
    each: for (const f of data.findings) {
      if (!services[f[P]] || (status && f[STATUS] !== +status) || (severity && f[SEVERITY] !== +severity) || (place && data.resources[f[R]][3] !== +place)) continue;
      for (const [p, r, t] of has) if (!p[f[P]] && !r[f[R]] && !f[TEXTS].some((i) => t[i])) continue each;
      out.push(f);
    }
    return out;
  }

  function group(findings, by) {
    const groups = new Map();
    for (const f of findings) {
      const rows = groups.get(f[by]);
      if (rows) rows.push(f); else groups.set(f[by], [f]);
    }
    return groups;
  }

  const everything = { found: data.findings, byPolicy: group(data.findings, P), byResource: [...group(data.findings, R)] };
  let byPolicy = everything.byPolicy;
  const rowsOf = (policy) => byPolicy.get(policy.index) || [];

  // fillOpen fills the policies that are unfolded, a few at once and the
  // others when the browser has shown these.
  let later = 0, waiting = [];
  function fillOpen(until) {
    const start = performance.now();
    while (waiting.length > 0 && performance.now() - start < until) {
      const policy = waiting.shift();
      if (!policy.rows.firstChild) fillPolicy(policy);
    }
    if (waiting.length > 0) later = setTimeout(fillOpen, 0, until);
  }

  let telling = 0;
  function show() {
    clearTimeout(later);
    const found = matching();
    const filtered = found.length < data.findings.length;
    const shown = filtered ? { found, byPolicy: group(found, P), byResource: [...group(found, R)] } : everything;
    byPolicy = shown.byPolicy;
    waiting = [];
    for (const p of policies) {
      const hidden = filtered && !byPolicy.has(p.index);
      if (p.details.hidden !== hidden) p.details.hidden = hidden;
      if (p.rows.firstChild) p.rows.replaceChildren();
      if (p.details.open && !hidden) waiting.push(p);
    }
    document.querySelector("#policies .none").hidden = policies.length === 0 || policies.some((p) => !p.details.hidden);
    const list = el("div", {});
    const more = paged(shown.byResource, "resources", (some) => {
      const made = some.map(resource);
      list.append(...made);
      return made[0] && made[0].firstChild;
    });
    if (shown.byResource.length === 0) list.append(el("p", {}, filtered ? "No resource matches the filter." : "No resource was judged."));
    $("resource-list").replaceChildren(list, more);
    fillOpen(8);
    // Who listens to the page hears the outcome when the typing rests.
    clearTimeout(telling);
    telling = setTimeout(tell, 200, shown);
  }

  function tell({ found, byPolicy, byResource }) {
    const n = (count, one, many) => `${number.format(count)} ${count === 1 ? one : many}`;
    $("shown").textContent = `${number.format(found.length)} of ${n(data.findings.length, "finding", "findings")}, ` +
      `${n(byPolicy.size, "policy", "policies")}, ${n(byResource.length, "resource", "resources")}`;
  }

  for (const p of policies) {
    p.details.addEventListener("toggle", () => { if (p.details.open && !p.rows.firstChild) fillPolicy(p); });
  }
  // missing makes what a link names and the page does not have yet.
  function missing(id) {
    const [, kind, number] = /^([re])-(\d+)$/.exec(id) || [];
    if (kind === "r" && data.resources[+number]) {
      const made = resource([+number, data.findings.filter((f) => f[R] === +number)]);
      $("resource-list").prepend(made);
      return made;
    }
    if (kind === "e" && data.calls[+number - 1] && $("register")) {
      const row = callRow(+number - 1);
      row.id = id;
      $("register").querySelector("tbody").append(row);
      return row;
    }
    return null;
  }
  const reveal = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = $(id) || missing(id);
    if (!(target instanceof HTMLDetailsElement || target instanceof HTMLTableRowElement)) return;
    for (let up = target; up; up = up.parentElement) {
      if (up instanceof HTMLDetailsElement) { up.hidden = false; up.open = true; }
    }
    const place = target instanceof HTMLDetailsElement ? target.firstElementChild : target;
    if (place === target) target.tabIndex = -1;
    target.scrollIntoView();
    place.focus();
  };
  // A link to where one already is brings one there again.
  addEventListener("click", (e) => {
    const a = e.target instanceof Element && e.target.closest("a[href^='#']");
    if (a && a.getAttribute("href") === location.hash) setTimeout(reveal, 0);
  });
  addEventListener("hashchange", reveal);
  // On paper what needs work is unfolded, a page of rows a policy, and folded
  // again for the screen.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    fillOpen(Infinity);
    unfolded = policies.filter((p) => !p.details.hidden && !p.details.open && rowsOf(p).some((f) => f[STATUS] < 2));
    for (const p of unfolded) {
      const rows = rowsOf(p), open = rows.filter((f) => f[STATUS] < 3);
      fillPolicy(p, open);
      const left = rows.length - Math.min(open.length, page);
      if (left > 0) p.rows.append(el("p", { class: "more" }, `${number.format(left)} more findings of it, of which ${number.format(rows.length - open.length)} are neither failures nor unknown nor waived, are on the screen and not on paper.`));
      p.details.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const p of unfolded) {
      p.details.open = false;
      p.rows.replaceChildren();
    }
    unfolded = [];
  });
  const form = $("filter");
  let timer = 0;
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 0); });
  form.addEventListener("reset", () => setTimeout(show, 0));
  form.addEventListener("submit", (e) => e.preventDefault());
  form.hidden = false;
  for (const id of ["static-note", "more-resources", "more-calls"]) if ($(id)) $(id).remove();
  show();
  tell(everything);
  reveal();
  document.documentElement.dataset.ready = "true";
})();
