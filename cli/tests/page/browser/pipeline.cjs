// A pipeline of Beam, whose bucket is on a server of objects: what it counted, and its steps.
"use strict";

const { run, assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  const person = await visit();
  const { page } = person;
  await person.go("/templates/wordcount");
  await page.getByRole("textbox", { name: /^Text files/ }).fill(process.env.INPUT);
  await page.getByRole("textbox", { name: /^Result files/ }).fill(process.env.OUTPUT);
  const job = await run(person);
  await person.until("Done", 120);
  await page.locator("#counters").waitFor();
  await person.look("done");
  await person.go(`${job}/log`);
  await person.look("log");
  // The same place once more: what is there is not written over by chance.
  await person.go(`/templates/wordcount?from=${job.split("/").pop()}`);
  assert.equal(await page.getByRole("textbox", { name: /^Text files/ }).inputValue(), process.env.INPUT);
  await page.getByRole("button", { name: "Continue to review" }).click();
  await page.locator("#errors").waitFor();
  await person.look("already-there");
};
