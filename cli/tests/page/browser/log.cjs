// A log of 50 MB: its end, any line of it, a search; one that grows is followed.
"use strict";

const { run, assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  const person = await visit();
  const { page } = person;
  await person.go("/templates/chatty");
  const job = await run(person);
  await person.until("Done", 120);
  await person.go(`${job}/log`);
  await page.getByText("the end", { exact: true }).waitFor();
  await person.look("end");
  await person.go(`${job}/log?line=250001`);
  assert.match(await page.locator("#L250001, .asked").first().innerText(), /the quick brown fox/);
  await person.look("middle");
  // A search stops now and then, and says so.
  const found = page.getByText("this is nearly the end");
  for (const words of ["q=nearly", "level=warning"]) {
    await person.go(`${job}/log?${words}`);
    for (let count = 0; count < 30 && !(await found.count()); count += 1) await page.getByRole("link", { name: "Search on" }).first().click();
    await found.waitFor();
    await person.look(words);
  }

  await person.go("/templates/lasting");
  const lasting = await run(person);
  await person.until("Running");
  await person.go(`${lasting}/log`);
  const lines = page.locator("#log-lines li");
  await lines.nth(10).waitFor();
  const before = await lines.count();
  await page.waitForFunction((count) => document.querySelectorAll("#log-lines li").length > count + 20, before);
  await person.look("growing");
  await page.locator("[data-follow]").click();
  await person.go(`${lasting}/stop?mode=cancel`);
  await page.locator("form button.danger").click();
  await person.until("Cancelled");
};
