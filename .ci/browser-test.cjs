// What `.ci/browser-test` does in the browser. Arguments: pages, then a directory for screenshots or "".
"use strict";
const path = require("node:path");
const fs = require("node:fs");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core"), "utf8");

const pages = process.argv.slice(2, -1);
const screenshots = process.argv.at(-1);
const executablePath = process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"].find(fs.existsSync);

function check(holds, what) {
  if (!holds) { throw new Error(what); }
}

async function open(browser, file, options) {
  // axe is put into the page from outside, which the page's own policy would refuse.
  const context = await browser.newContext({ ...options, bypassCSP: Boolean(options.axe) });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) { wrong.push(message.text()); } });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("dialog", (dialog) => { wrong.push("a dialog: " + dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => { if (!request.url().startsWith("file:")) { wrong.push("a request: " + request.url()); } });
  await page.goto("file://" + file);
  return { page, wrong, close: () => context.close() };
}

async function content(browser, file) {
  const { page, wrong, close } = await open(browser, file, { viewport: { width: 1280, height: 900 } });
  const articles = await page.locator("article").count();
  check(articles >= 6, "only " + articles + " services");
  for (const id of ["map", "matrix", "budgets", "services"]) {
    check(await page.locator("#" + id).count() === 1, "no section " + id);
  }
  check(await page.locator("body").innerText().then((text) => text.includes("<script>alert(1)<")), "the odd name is not shown as text");
  // Evidence stands behind each cell of the matrix.
  const cell = page.locator(".matrix td a").first();
  await cell.click();
  const target = await page.evaluate(() => document.getElementById(decodeURIComponent(location.hash.slice(1))));
  check(target !== null, "a cell leads nowhere");
  check(await page.evaluate(() => document.getElementById(location.hash.slice(1)).getClientRects().length > 0), "evidence stays folded");
  const cells = await page.evaluate(() => [...document.querySelectorAll("a[href^='#']")].filter((a) => !document.getElementById(a.getAttribute("href").slice(1))).length);
  check(cells === 0, cells + " links within the page lead nowhere");
  // Filtering, by the keyboard alone.
  await page.locator("#filter input").focus();
  await page.keyboard.type("wasm");
  check(await page.locator("article:visible").count() < articles, "the search hides nothing");
  check(/^\d+ services?$/.test(await page.locator("#count").innerText()), "the count is not told");
  await page.locator("#filter input").fill("");
  await page.keyboard.press("Tab");
  await page.locator("#filter select[name=language]").selectOption("rust");
  const languages = await page.locator("article:visible").evaluateAll((all) => all.map((one) => one.dataset.language));
  check(languages.length > 0 && languages.every((one) => one === "rust"), "the filter by language lets others pass");
  await page.locator("#filter select[name=language]").selectOption("");
  await page.locator("#filter select[name=verdict]").selectOption("questioned");
  const verdicts = await page.locator("article:visible").evaluateAll((all) => all.map((one) => one.dataset.verdict));
  check(verdicts.every((one) => one === "questioned"), "the filter by verdict lets others pass");
  check(wrong.length === 0, wrong.join("\n"));
  await close();
}

async function narrow(browser, file) {
  const { page, wrong, close } = await open(browser, file, { viewport: { width: 360, height: 740 } });
  await page.evaluate(() => document.querySelectorAll("details").forEach((box) => { box.open = true; }));
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
  check(inner <= outer, "the page is " + inner + " wide in a window of " + outer);
  check(wrong.length === 0, wrong.join("\n"));
  await close();
}

async function accessible(browser, file, colorScheme) {
  const { page, close } = await open(browser, file, { viewport: { width: 1280, height: 900 }, colorScheme, axe: true });
  await page.evaluate(() => document.querySelectorAll("details").forEach((box) => { box.open = true; }));
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run());
  const told = found.violations.map((one) => one.id + ": " + one.help + "\n  " + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join("\n  "));
  check(told.length === 0, colorScheme + ": " + told.join("\n"));
  await close();
  return found.passes.length;
}

async function plain(browser, file) {
  const { page, wrong, close } = await open(browser, file, { viewport: { width: 1280, height: 900 }, javaScriptEnabled: false });
  check(await page.locator("#filter").isHidden(), "a filter that does nothing is shown");
  check(await page.locator("article").count() >= 6, "no services without the script");
  check(wrong.length === 0, wrong.join("\n"));
  await close();
}

async function shoot(browser, file) {
  for (const [name, options] of Object.entries({
    "360": { viewport: { width: 360, height: 740 } },
    "1280": { viewport: { width: 1280, height: 900 } },
    "1280-dark": { viewport: { width: 1280, height: 900 }, colorScheme: "dark" },
  })) {
    const { page, close } = await open(browser, file, options);
    await page.locator("article details").first().evaluate((box) => { box.open = true; });
    await page.screenshot({ path: path.join(screenshots, path.basename(file, ".html") + "-" + name + ".png"), fullPage: true });
    await close();
  }
  const { page, close } = await open(browser, file, { viewport: { width: 1280, height: 900 } });
  await page.pdf({ path: path.join(screenshots, path.basename(file, ".html") + ".pdf") });
  await close();
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  for (const file of pages) {
    await content(browser, file);
    await plain(browser, file);
    await narrow(browser, file);
    const rules = [await accessible(browser, file, "light"), await accessible(browser, file, "dark")];
    if (screenshots) { await shoot(browser, file); }
    console.log("browser-test: " + path.basename(file) + " passed, " + rules[0] + " rules of axe in light and " + rules[1] + " in dark");
  }
  await browser.close();
})().catch((error) => {
  console.error("browser-test: " + (error.stack || error));
  process.exit(1);
});
