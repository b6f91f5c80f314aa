// The server is killed while somebody reads a log that grows, and another one takes its place: no line is lost, none comes twice.
"use strict";

const { spawn } = require("child_process");
const { run, assert } = require("./steps.cjs");

module.exports = async ({ visit, address }) => {
  const person = await visit();
  const { page, context } = person;
  await person.go("/templates/lasting");
  const job = await run(person);
  await person.until("Running");
  await person.go(`${job}/log`);
  const lines = page.locator("#log-lines li");
  await lines.nth(10).waitFor();
  process.kill(Number(process.env.SERVER), "SIGKILL");
  await page.waitForTimeout(2000);
  const { host } = new URL(address);
  const server = spawn(process.env.TMPL, ["serve", "--quiet", "--listen", host, "--bucket", process.env.BUCKET], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const again = await new Promise((resolve, reject) => {
      server.stdout.once("data", (data) => resolve(String(data).trim()));
      server.once("exit", (code) => reject(new Error(`the second server ended with ${code}`)));
    });
    // A key of its own: whoever was there comes in anew, as the printed address says.
    const other = await context.newPage();
    await other.goto(again);
    await other.close();
    const before = await lines.count();
    await page.waitForFunction((count) => document.querySelectorAll("#log-lines li").length > count + 30, before, { timeout: 60_000 });
    const numbers = (await lines.locator(".text").allInnerTexts()).map((text) => /line (\d+)$/.exec(text)?.[1]).filter(Boolean).map(Number);
    assert.ok(numbers.length > 40);
    numbers.forEach((number, place) => assert.equal(number, numbers[0] + place, "each line once, in order"));
    await person.go(`${job}/stop?mode=cancel`);
    await page.locator("form button.danger").click();
    await person.until("Cancelled");
  } finally {
    server.kill("SIGKILL");
  }
};
