// Opens HTML reports without a network and fails on any request, console
// message, script error, dialog, CSP report or axe violation, in light and in
// dark; checks that the filter works and that hostile names did nothing.
// Usage: node browser.js FILE…
const path = require("path");
const { chromium } = require("playwright-core");

const axe = require.resolve("axe-core/axe.min.js");
const problems = [];

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
  if (await page.evaluate(() => window.hacked !== undefined)) problems.push(`${at}: a hostile name ran`);

  const visible = () => page.evaluate(() => document.body.innerText.length);
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
  await page.pdf({ format: "A4" });
  await context.close();

  // axe is put in from outside, which the page's own CSP would rightly refuse.
  const open = await browser.newContext({ colorScheme: scheme, offline: true, bypassCSP: true });
  const axePage = await open.newPage();
  await axePage.goto(url);
  await axePage.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  await axePage.addScriptTag({ path: axe });
  const { violations } = await axePage.evaluate(() => window.axe.run(document));
  for (const v of violations) problems.push(`${at}: axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160)).join(" | ")}`);
  await open.close();

  const plain = await browser.newContext({ colorScheme: scheme, offline: true, javaScriptEnabled: false });
  const reader = await plain.newPage();
  await reader.goto(url);
  if ((await reader.locator("table").count()) < 3) problems.push(`${at}: without JavaScript there is little to read`);
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
