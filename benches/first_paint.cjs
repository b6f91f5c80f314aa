// When Chromium first shows something of a page: first_paint.cjs ADDRESS COOKIE TIMES. Each time with an empty cache. Prints milliseconds.
"use strict";

const { chromium } = require("playwright-core");

const [address, cookie, times] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  try {
    for (let n = 0; n < Number(times); n += 1) {
      const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
      const [name, value] = cookie.split("=");
      await context.addCookies([{ name, value, url: address }]);
      const page = await context.newPage();
      await page.goto(address);
      const paint = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
      console.log((await paint.jsonValue()).toFixed(1));
      await context.close();
    }
  } finally {
    await browser.close();
  }
})();
