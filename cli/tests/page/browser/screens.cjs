// Narrow, magnified, dark, in forced colours and without motion: every kind of page.
"use strict";

const { donors, run } = require("./steps.cjs");

const SCREENS = {
  narrow: { viewport: { width: 320, height: 640 } },
  // 200 % of a window of 1280 pixels.
  magnified: { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
  dark: { colorScheme: "dark" },
  forced: { forcedColors: "active" },
  still: { reducedMotion: "reduce" },
};

module.exports = async ({ visit }) => {
  const person = await visit();
  const done = await donors(person, "2026-10");
  const another = await donors(person, "2026-11");
  await person.go("/templates/fails");
  const failed = await run(person);
  await person.until("Failed");
  const id = (job) => job.split("/").pop();
  const pages = {
    find: "/",
    form: "/templates/everything",
    "long-form": "/templates/many",
    done,
    failed,
    log: `${failed}/log`,
    history: "/jobs",
    compare: `/compare?a=${id(done)}&b=${id(another)}`,
    missing: "/nowhere",
  };
  for (const [screen, options] of Object.entries(SCREENS)) {
    const there = await visit(options);
    for (const [name, place] of Object.entries(pages)) {
      await there.go(place);
      await there.look(`${screen}-${name}`);
    }
    await there.go("/templates/monthly-donors");
    await there.page.getByRole("button", { name: "Continue to review" }).click();
    await there.page.locator("#errors").waitFor();
    await there.look(`${screen}-errors`);
    await there.page.getByLabel("Month", { exact: true }).fill("2026-12");
    // The field is left with this very press, and what was wrong with it goes away: the button stays under the pointer.
    const proceed = there.page.getByRole("button", { name: "Continue to review" });
    await proceed.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await proceed.boundingBox();
    const checked = there.page.waitForResponse((response) => response.request().method() === "POST");
    await there.page.mouse.move(x + width / 2, y + height - 3);
    await there.page.mouse.down();
    await checked;
    await there.page.waitForTimeout(100);
    await there.page.mouse.up();
    await there.page.getByRole("heading", { name: "Is this right?" }).waitFor();
    await there.look(`${screen}-review`);
    await there.context.close();
  }
};
