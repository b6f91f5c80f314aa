// A person at the page: a browser window that has come in by the printed address, and looks closely at every page it sees.
"use strict";

const fs = require("fs");
const path = require("path");
const assert = require("assert/strict");
const { AxeBuilder } = require("@axe-core/playwright");

// What the page promises, by the tags of axe's rules.
const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"];
const PICTURES = process.env.PICTURES;

/** Where the sessions of one journey are kept: the address opens the page once. */
let storage;

async function visit(browser, address, journey, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, locale: "en-GB", ...(storage ? { storageState: storage } : {}), ...options });
  const page = await context.newPage();
  const origin = new URL(address).origin;
  // And where people sign in, if it is not by the printed address.
  const ours = [origin, ...(process.env.PROVIDER ? [process.env.PROVIDER] : [])];
  const foreign = [];
  const complaints = [];
  page.on("request", (request) => {
    if (!ours.includes(new URL(request.url()).origin) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  page.on("console", (message) => {
    // A page that is answered with an error on purpose is no complaint.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.setDefaultTimeout(20_000);
  if (process.env.PROVIDER) {
    await page.goto(address);
  } else if (!storage) {
    await page.goto(address);
    storage = await context.storageState();
  } else {
    await page.goto(origin + "/");
  }
  let number = 0;
  return {
    page,
    context,
    origin,
    go: (place) => page.goto(origin + place),
    /** Looks at the page as it is: no violation, no word of script errors, nothing from elsewhere; keeps a picture. */
    async look(what) {
      number += 1;
      const file = path.join(PICTURES, `${journey}-${String(number).padStart(2, "0")}-${what.replace(/[^a-z0-9]+/gi, "-")}.png`);
      fs.writeFileSync(file, await page.screenshot({ fullPage: true }));
      // Without script there is nothing to run axe in.
      if (options.javaScriptEnabled !== false) {
        const found = await new AxeBuilder({ page }).withTags(STANDARDS).analyze();
        const told = found.violations.map((one) => `${one.id}: ${one.help}\n    ${one.nodes.map((node) => node.html).slice(0, 5).join("\n    ")}`);
        assert.deepEqual(told, [], `${what} (${page.url()})`);
      }
      assert.deepEqual(foreign, [], "nothing comes from elsewhere");
      assert.deepEqual(complaints, [], what);
      const wide = await page.evaluate?.(() => document.documentElement.scrollWidth - document.documentElement.clientWidth).catch(() => 0);
      assert.ok(!(wide > 0), `${what} is ${wide} pixels wider than the window`);
    },
    /** The error messages that the page shows at its top. */
    problems: () => page.locator("#errors li").allInnerTexts(),
    /** Waits until the job that is shown is so. */
    async until(words, seconds = 60) {
      const begun = Date.now();
      while (Date.now() - begun < seconds * 1000) {
        if ((await page.locator("#standing").innerText()).includes(words)) return;
        if (options.javaScriptEnabled === false) await page.reload();
        await page.waitForTimeout(300);
      }
      throw new Error(`waited in vain for "${words}":\n${await page.locator("main").innerText()}`);
    },
  };
}

module.exports = { visit };
