// The whole way with the keys Tab, Enter, Space and letters.
"use strict";

const { assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  const { page, ...person } = await visit();
  /** Goes on with Tab until what has the focus is called so. It must be seen to have it, and not be behind anything. */
  const tab = async (name) => {
    for (let count = 0; count < 200; count += 1) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(() => {
        const it = document.activeElement;
        if (!it || it === document.body) return { name: "" };
        const box = it.getBoundingClientRect();
        const label = it.labels?.[0]?.innerText ?? it.getAttribute("aria-label") ?? it.innerText ?? "";
        // The ring of a link that stands for a whole box is that of the box.
        const styles = [getComputedStyle(it), getComputedStyle(it, "::after")];
        const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + box.height / 2];
        const top = document.elementFromPoint(x, y);
        return {
          name: label.trim(),
          seen: styles.some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none"),
          free: !top || it.contains(top) || top.contains(it) || !!it.labels?.[0]?.contains(top),
        };
      });
      if (here.name.startsWith(name)) {
        assert.ok(here.seen, `the focus on "${name}" can be seen`);
        assert.ok(here.free, `"${name}" is not behind anything`);
        return;
      }
    }
    throw new Error(`Tab never comes to "${name}" on ${page.url()}`);
  };
  await tab("Skip");
  await page.keyboard.press("Enter");
  await tab("Find something to run");
  await page.keyboard.type("donor");
  await page.keyboard.press("Enter");
  await page.waitForURL(/q=donor/);
  await tab("Monthly donor report");
  await page.keyboard.press("Enter");
  await page.waitForURL(/monthly-donors/);
  await tab("Month");
  await page.keyboard.type("2026-10");
  await tab("Continue to review");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await tab("Type the name to confirm");
  await page.keyboard.type("monthly-donors");
  await tab("Run");
  await page.keyboard.press("Space");
  await page.waitForURL(/\/jobs\/\d{4}-/);
  await person.until("Done");
  await tab("Run again with changes");
  await page.keyboard.press("Enter");
  await page.waitForURL(/templates\/monthly-donors/);
};
