// The whole way without script.
"use strict";

const { run, jobs, donors, assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  const person = await visit({ javaScriptEnabled: false });
  const { page } = person;
  await person.look("find");
  await person.go("/templates/everything");
  await person.look("everything");
  // Both ways' parts are there, and what does not apply is neither asked for nor sent.
  await page.getByLabel("By e-mail").check();
  await page.getByLabel("Title").fill("x");
  await page.getByRole("button", { name: "Continue to review" }).click();
  await page.locator("#errors").waitFor();
  assert.ok((await person.problems()).some((words) => words.includes("A title has three letters or more.")));
  await person.look("errors");
  assert.equal(await page.getByLabel("Title").inputValue(), "x");
  await page.getByLabel("Title").fill("Winter letters");
  await page.getByLabel("Sender's address").fill("ann@example.org");
  await page.getByLabel("Day", { exact: true }).fill("2026-12-01");
  const job = await run(person);
  await person.until("Done");
  await page.getByText("DONE: everything").first().waitFor();
  await person.look("done");
  await donors(person, "2026-10");
  assert.equal((await jobs(person)).length, 2);
  await person.look("history");
  await person.go(`${job}/log`);
  await person.look("log");
};
