// Opens HTML reports without a network and fails on any request, console
// message, script error, dialog, CSP report or axe violation, in light and in
// dark; checks that the filter works, that every link within the file leads to
// something that is then seen, that what unfolds does so by keyboard, that the
// sections and proofs need no script, and that hostile names did nothing.
// Usage: node browser.js FILE…
const path = require("path");
const { chromium } = require("playwright-core");

const axe = require.resolve("axe-core/axe.min.js");
const problems = [];

// follow goes where links within the file lead, the first few hundred.
async function follow(page, at) {
  await page.evaluate(() => document.querySelectorAll("details.policy, details.resource").forEach((d, i) => { d.open = i < 30; }));
  await page.waitForTimeout(300);
  const dead = await page.evaluate(async () => {
    const out = [];
    const names = [...new Set([...document.querySelectorAll("a[href^='#']")].map((a) => a.getAttribute("href")))].slice(0, 400);
    for (const name of names) {
      location.hash = name;
      await new Promise((done) => setTimeout(done, 0));
      const to = document.getElementById(name.slice(1));
      if (!to || !to.checkVisibility({ contentVisibilityAuto: false })) out.push(name);
      else if (to instanceof HTMLDetailsElement && !to.open) out.push(name + " (stays folded)");
    }
    return out;
  });
  for (const name of dead) problems.push(`${at}: the link ${name} leads to nothing that is seen`);
}

async function look(browser, file, scheme) {
  const context = await browser.newContext({ colorScheme: scheme, offline: true, bypassCSP: false });
  const page = await context.newPage();
  const url = "file://" + path.resolve(file);
  const at = `${path.basename(file)} (${scheme})`;
  page.on("request", (r) => { if (r.url() !== url && !r.url().startsWith("data:")) problems.push(`${at}: requests ${r.url()}`); });
  page.on("console", (m) => problems.push(`${at}: console ${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => problems.push(`${at}: script error: ${e.message}`));
  page.on("dialog", (d) => { problems.push(`${at}: dialog ${d.message()}`); d.dismiss(); });
  await page.goto(url);
  const ready = await page.evaluate(() => Math.round(performance.getEntriesByType("navigation")[0].loadEventEnd));
  console.log(`${at}: loaded in ${ready} ms`);
  if (await page.evaluate(() => window.hacked !== undefined)) problems.push(`${at}: a hostile name ran`);

  const visible = () => page.evaluate(() => [...document.querySelectorAll("#explorer details")].filter((d) => d.checkVisibility()).length);
  const search = page.locator("input[type=search]").first();
  if (await search.count()) {
    const before = await visible();
    await search.fill("no such thing zzz");
    await page.waitForTimeout(300);
    if ((await visible()) >= before) problems.push(`${at}: the filter hides nothing`);
    await search.fill("");
    await page.waitForTimeout(300);
    if ((await visible()) !== before) problems.push(`${at}: clearing the filter does not bring everything back`);
  } else {
    problems.push(`${at}: there is no filter`);
  }
  await follow(page, at);
  await page.pdf({ format: "A4" });
  await context.close();

  // axe is put in from outside, which the page's own CSP would rightly refuse.
  const open = await browser.newContext({ colorScheme: scheme, offline: true, bypassCSP: true });
  const axePage = await open.newPage();
  await axePage.goto(url);
  await axePage.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  await axePage.addScriptTag({ path: axe });
  const { violations } = await axePage.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const v of violations) problems.push(`${at}: axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(" | ")}`);
  await open.close();

  const plain = await browser.newContext({ colorScheme: scheme, offline: true, javaScriptEnabled: false });
  const reader = await plain.newPage();
  await reader.goto(url);
  if ((await reader.locator("table").count()) < 3) problems.push(`${at}: without JavaScript there is little to read`);
  const sections = await reader.locator("nav a").count();
  for (const link of await reader.locator("nav a").all()) {
    const section = reader.locator(await link.getAttribute("href"));
    await section.evaluate((e) => e.scrollIntoView()); // what is far off is not laid out, and has no text yet
    await reader.waitForTimeout(50);
    const text = await section.innerText();
    if (text.trim().split("\n").length < 2) problems.push(`${at}: without JavaScript the section ${await link.innerText()} is empty`);
  }
  if (sections < 15) problems.push(`${at}: there are ${sections} sections`);
  const proof = reader.locator("details.cohort:has(ol)").first();
  if (await proof.count()) {
    await proof.locator("summary").focus();
    await reader.keyboard.press("Enter");
    if (!(await proof.locator("ol li").first().isVisible())) problems.push(`${at}: a proof does not unfold by keyboard`);
  }
  await plain.close();
}

(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  for (const file of process.argv.slice(2)) for (const scheme of ["light", "dark"]) await look(browser, file, scheme);
  await browser.close();
  for (const p of problems) console.log(p);
  console.log(problems.length ? `browser: ${problems.length} problems` : "browser: clean");
  process.exit(problems.length ? 1 : 0);
})();
