// A release coordinator with a mouse and all the bells.
"use strict";

const { run, jobs, assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  const person = await visit();
  const { page } = person;
  await person.look("find");

  // Three letters.
  await page.locator("#q").pressSequentially("don");
  await page.getByText("1 found.").waitFor({ state: "attached" });
  await person.look("found");
  await person.go("/?q=zzzz");
  await person.look("nothing-found");

  // What is wrong is said beside the field and at the top, in the author's words, and nothing that was entered is lost.
  await person.go("/?q=don");
  await page.getByRole("link", { name: "Monthly donor report" }).click();
  await person.look("form");
  await page.getByLabel("Month", { exact: true }).fill("October");
  const report = page.getByLabel("Name of the report");
  if (!(await report.isVisible())) await page.locator("details.fold summary").first().click();
  await report.fill("books");
  await page.getByRole("button", { name: "Continue to review" }).click();
  await page.locator("#errors").waitFor();
  assert.deepEqual(await person.problems(), ["Write the month as year and number, like 2026-10."]);
  assert.match(await page.title(), /^Error:/);
  assert.equal(await page.evaluate(() => document.activeElement.id), "errors");
  assert.equal(await report.inputValue(), "books");
  await person.look("errors");
  await page.getByLabel("Month", { exact: true }).fill("2026-10");

  // It changes data: the name is typed.
  await page.getByRole("button", { name: "Continue to review" }).click();
  await page.getByRole("heading", { name: "Is this right?" }).waitFor();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.locator("#confirm-error").waitFor();
  await person.look("confirm");
  await page.locator("#confirm").fill(/Type (\S+) to show/.exec(await page.locator("#confirm-help").innerText())[1]);
  await page.getByText("The same as a command").click();
  assert.match(await page.locator("#command").innerText(), /^tmpl run monthly-donors@[\s\S]*month=2026-10/);
  await page.getByRole("button", { name: "Run", exact: true }).dblclick();
  await page.waitForURL(/\/jobs\/\d{4}-/);
  const first = new URL(page.url()).pathname;
  await person.until("Done");
  await page.getByText("DONE: everything").first().waitFor();
  await person.look("done");

  // Back, and the same button once more: the same job.
  await page.goBack();
  const again = page.getByRole("button", { name: "Run", exact: true });
  if (await again.count()) {
    await page.locator("#confirm").fill("monthly-donors");
    await again.click();
    await page.waitForURL(/\/jobs\/\d{4}-/);
    assert.equal(new URL(page.url()).pathname, first);
  }
  assert.deepEqual(await jobs(person), [first]);

  // Next month.
  await person.go(first);
  await page.getByRole("link", { name: "Run again with changes" }).click();
  assert.equal(await page.getByLabel("Month", { exact: true }).inputValue(), "2026-10");
  await page.getByLabel("Month", { exact: true }).fill("2026-11");
  const second = await run(person);
  await person.until("Done");
  await person.go(`/compare?a=${first.split("/").pop()}&b=${second.split("/").pop()}`);
  assert.match(await page.locator("main").innerText(), /2026-10[\s\S]*2026-11/);
  await person.look("compare");
  assert.deepEqual(await jobs(person), [second, first]);
  await person.look("history");
  assert.deepEqual(await jobs(person, "?state=failed"), []);
  await person.look("history-empty");

  // One value of each kind: a part that does not apply is not there.
  await person.go("/templates/everything");
  await person.look("everything");
  await page.getByLabel("By e-mail").check();
  await page.getByLabel("Sender's address").waitFor();
  assert.equal(await page.getByLabel("Paper", { exact: true }).isVisible(), false);
  await page.getByRole("button", { name: "Continue to review" }).click();
  await page.locator("#errors").waitFor();
  assert.equal((await person.problems()).length, 3, "title, sender and day, all at once");
  await person.look("everything-errors");
  await page.getByLabel("Title").fill("Autumn letters");
  await page.getByLabel("Sender's address").fill("ann@example.org");
  await page.getByLabel("Day", { exact: true }).fill("2026-10-31");
  await run(person, "everything-review");
  await person.until("Done");

  // One that fails says why, and what to do.
  await person.go("/templates/fails");
  const failed = await run(person);
  await person.until("Failed");
  const told = await page.locator("#standing").innerText();
  assert.match(told, /out of paper/);
  assert.match(told, /Put paper into the printer/);
  await person.look("failed");
  await page.getByRole("link", { name: /Errors/ }).first().click();
  await person.look("failed-rows");
  await person.go(`${failed}/log`);
  await person.look("failed-log");
  assert.deepEqual(await jobs(person, "?state=failed"), [failed]);

  // One that lasts is ended, after one question.
  await person.go("/templates/lasting");
  await run(person);
  await person.until("Running");
  await page.locator("#log-lines li").nth(5).waitFor();
  await person.look("running");
  await page.getByRole("link", { name: "Cancel" }).click();
  await person.look("cancel");
  await page.locator("form button.danger").click();
  await person.until("Cancelled");
  await person.look("cancelled");

  await person.go("/templates/nowhere");
  await person.look("not-found");
};
