// A saved launch: made from a job, found first, run with one value changed, changed, deleted. And a file chosen in the bucket.
"use strict";

const { run, donors, assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  const person = await visit();
  const { page } = person;

  // What was entered before a file is chosen is there afterwards.
  await person.go("/templates/everything");
  await page.getByLabel("Title").fill("Summer letters");
  await page.locator("summary", { hasText: "Where" }).click();
  await page.getByRole("button", { name: "Browse for “List of people”" }).click();
  await person.look("browse");
  await page.getByRole("button", { name: /^lists/ }).click();
  await person.look("folder");
  await page.getByRole("button", { name: /people\.csv/ }).click();
  assert.match(await page.getByRole("textbox", { name: /^List of people/ }).inputValue(), /lists\/people\.csv$/);
  assert.equal(await page.getByLabel("Title").inputValue(), "Summer letters");
  await person.look("chosen");

  // The same while a launch is saved.
  await page.getByRole("button", { name: /Save for next time/ }).click();
  await page.getByRole("button", { name: "Browse for “List of people”" }).click();
  await person.look("browse-for-card");
  await page.getByRole("button", { name: /people\.csv/ }).click();
  assert.match(await page.getByRole("textbox", { name: /^List of people/ }).inputValue(), /lists\/people\.csv$/);

  const job = await donors(person, "2026-10");
  await person.go(job);
  await page.getByRole("link", { name: "Save for next time" }).click();
  await person.look("new-card");
  await page.locator("#title").fill("");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.locator("#errors").waitFor();
  await person.look("new-card-errors");
  await page.locator("#title").fill("Donors of the month");
  await page.getByLabel(/Whoever runs it.*Name of the report/).selectOption("sees it, and can't change it");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL(/\/cards\//);
  const card = new URL(page.url()).pathname;
  await person.look("card");

  await person.go("/");
  const first = await page.locator(".item h3").first().innerText();
  assert.match(first, /Donors of the month/);
  await person.look("find-with-card");
  await page.getByRole("link", { name: "Donors of the month" }).click();
  assert.equal(await page.getByLabel("Month", { exact: true }).inputValue(), "2026-10");
  await page.getByLabel("Month", { exact: true }).fill("2026-11");
  await run(person, "card-review");
  await person.until("Done");
  assert.match(await page.locator("#facts").innerText(), /Saved launch/);

  await person.go(`${card}/edit`);
  await person.look("edit-card");
  await page.getByRole("button", { name: "Delete", exact: false }).click();
  await person.look("delete-card");
  await page.locator("form button.danger").click();
  await page.waitForURL((address) => !address.pathname.includes("/edit"));
  await person.go("/");
  assert.equal(await page.getByText("Donors of the month").count(), 0);
};
