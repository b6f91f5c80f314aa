// What several journeys do.
"use strict";

const assert = require("assert/strict");

/** From a form that is filled in to the job: review, the name typed where it is asked for, Run. */
async function run(person, what = "review") {
  const { page } = person;
  await page.getByRole("button", { name: "Continue to review" }).click();
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await person.look(what);
  const confirm = page.locator("#confirm");
  if (await confirm.count()) await confirm.fill(/Type (\S+) to show/.exec(await page.locator("#confirm-help").innerText())[1]);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/\/jobs\/\d{4}-/);
  return new URL(page.url()).pathname;
}

/** The donors of a month are reported. */
async function donors(person, month) {
  const { page } = person;
  await person.go("/");
  await page.locator("#q").fill("don");
  await page.locator("#q").press("Enter");
  await page.getByRole("link", { name: "Monthly donor report" }).click();
  await page.getByLabel("Month", { exact: true }).fill(month);
  const job = await run(person);
  await person.until("Done");
  return job;
}

/** The jobs that the history lists: their addresses. */
async function jobs(person, filter = "") {
  await person.go(`/jobs${filter}`);
  const addresses = await person.page.locator("main a[href^='/jobs/2']").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  return [...new Set(addresses)];
}

module.exports = { run, donors, jobs, assert };
