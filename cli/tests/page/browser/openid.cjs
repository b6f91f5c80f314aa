// People who sign in at a provider, see where they are signed in, and leave.
"use strict";

const { donors, assert } = require("./steps.cjs");

module.exports = async ({ visit }) => {
  async function signIn(name, options) {
    const person = await visit(options);
    await person.page.getByLabel("Name").fill(name);
    await person.page.getByRole("button", { name: "Sign in" }).click();
    await person.page.getByText(`${name}@example.org`).waitFor();
    return person;
  }
  const desk = await signIn("ada");
  await donors(desk, "2026-10");
  const elsewhere = await signIn("ada", { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Safari/604.1" });
  await desk.page.getByRole("link", { name: "ada@example.org" }).click();
  await desk.look("sessions");
  assert.match(await desk.page.getByRole("row", { name: /iPhone/ }).innerText(), /Safari on an iPhone/);
  await desk.page.getByRole("button", { name: /Sign out: Safari on an iPhone/ }).click();
  await desk.page.getByText("Safari on an iPhone").waitFor({ state: "detached" });
  await desk.look("one-session");

  // Elsewhere it is over within five seconds: the provider still knows them there, and lets them in anew.
  await elsewhere.page.waitForTimeout(6000);
  const asked = elsewhere.page.waitForRequest((request) => request.url().startsWith(process.env.PROVIDER), { timeout: 30_000 });
  await elsewhere.go("/jobs");
  await asked;
  await elsewhere.page.getByRole("heading", { name: "Jobs" }).waitFor();

  // Bob may look, and not run.
  const bob = await signIn("bob");
  await bob.go("/templates/monthly-donors");
  await bob.look("for-reading");
  assert.equal(await bob.page.getByRole("button", { name: "Continue to review" }).count(), 0);
  await bob.page.getByRole("button", { name: "Sign out", exact: true }).click();
  await bob.page.getByRole("link", { name: "Sign out there, too" }).waitFor();
  await bob.look("signed-out");
};
