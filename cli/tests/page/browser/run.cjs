// Runs a journey in Chromium: run.cjs NAME ADDRESS. Says so where it came to its end; anything else is a failure.
"use strict";

const path = require("path");
const { chromium } = require("playwright-core");
const { visit } = require("./visit.cjs");

const [name, address] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  try {
    await require(path.join(__dirname, `${name}.cjs`))({ browser, address, visit: (options) => visit(browser, address, name, options) });
  } finally {
    await browser.close();
  }
  console.log("the journey is over");
})().catch((error) => {
  console.error(error.stack || error);
  process.exit(1);
});
