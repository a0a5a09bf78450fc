// Staff mail several invoices at once: asked first, each once, and what failed is named.
import type { Page, Route } from "@playwright/test";

import { accountId, expect, expectAccessible, mailedSubjects, reviewPro, test } from "../fixtures.ts";
import { staffPage, writeInvoice } from "../staff.ts";

/** Chooses all rows and opens the question. */
async function askToSend(desk: Page, words: string): Promise<void> {
  await desk.getByRole("checkbox", { name: "Select all on this page" }).click();
  await desk.getByRole("button", { name: words }).click();
  await expect(desk.getByRole("dialog", { name: `${words}?` })).toBeVisible();
  await expect(desk.getByRole("dialog").getByRole("button", { name: words })).toBeVisible();
}

test("staff mail several invoices, and a lost answer mails none twice", async ({ page, person, browser, baseURL }) => {
  test.slow();
  await reviewPro(page, person);
  const account = await accountId(page);
  const { context, page: desk } = await staffPage(browser, baseURL);
  await desk.emulateMedia({ reducedMotion: "reduce" });
  const issued = [
    await writeInvoice(desk, account, 100, "issued"),
    await writeInvoice(desk, account, 200, "issued"),
    await writeInvoice(desk, account, 300, "issued"),
  ];
  await writeInvoice(desk, account, 400, "draft");
  const mails = async (): Promise<number[]> => {
    const subjects = await mailedSubjects(person.email);
    return issued.map(({ number }) => subjects.filter((subject) => subject.includes(number)).length);
  };

  await desk.goto(`/invoices?account_id=${account}`);
  await askToSend(desk, "Send 3 invoices");
  const dialog = desk.getByRole("dialog");
  await expect(dialog.getByText("R690.00 is still to be paid")).toBeVisible();
  await expect(dialog.getByRole("listitem")).toContainText([`Draft for ${person.company}`]);
  await expect(dialog.getByRole("listitem")).toContainText(["It has no number yet."]);
  await expectAccessible(desk);

  // The second one reaches the server, and its answer is lost.
  let calls = 0;
  const loseSecond = async (route: Route): Promise<void> => {
    calls += 1;
    const answer = await route.fetch();
    await (calls === 2 ? route.abort() : route.fulfill({ response: answer }));
  };
  await desk.route("**/send", loseSecond);
  await dialog.getByRole("button", { name: "Send 3 invoices" }).click();
  await expect(dialog.getByText("Sent 1 of 3.")).toBeVisible();
  await expect(dialog.getByText("1 not tried yet.")).toBeVisible();
  await expect(dialog.getByRole("listitem")).toContainText([/INV-\d+ No answer came/]);
  await expectAccessible(desk);
  await desk.unroute("**/send", loseSecond);
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(desk.getByText("3 invoices are on their way by e-mail.")).toBeVisible();
  await expect(dialog).toBeHidden();
  await expect(desk.getByText("1 selected"), "only the draft is left").toBeVisible();
  await expect.poll(mails).toEqual([1, 1, 1]);

  // Stopped, and gone on with.
  await desk.getByRole("button", { name: "Clear selection" }).click();
  await desk.route("**/send", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await route.continue();
  });
  await askToSend(desk, "Send 3 invoices");
  await dialog.getByRole("button", { name: "Send 3 invoices" }).click();
  await expect(dialog.getByText("Sent 0 of 3")).toBeVisible();
  await dialog.getByRole("button", { name: "Stop" }).click();
  await expect(dialog.getByText("Stopped. Sent 1 of 3.")).toBeVisible();
  await expectAccessible(desk);
  await dialog.getByRole("button", { name: "Send the rest" }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(mails).toEqual([2, 2, 2]);
  await context.close();
});

for (const scheme of ["light", "dark"] as const) {
  test(`everybody can mail several invoices on a phone: ${scheme}`, async ({ page, person, browser, baseURL }) => {
    test.slow();
    await reviewPro(page, person);
    const account = await accountId(page);
    const { context, page: desk } = await staffPage(browser, baseURL);
    await desk.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await desk.setViewportSize({ width: 360, height: 800 });
    await writeInvoice(desk, account, 100, "issued");
    await desk.goto(`/invoices?account_id=${account}`);
    await desk.getByRole("button", { name: "Select", exact: true }).click();
    await desk.getByRole("checkbox", { name: /^Select INV-/ }).click();
    await expectAccessible(desk);
    await desk.getByRole("button", { name: "Send 1 invoice" }).click();
    await expect(desk.getByRole("dialog").getByText("R115.00 is still to be paid")).toBeVisible();
    await expectAccessible(desk);
    await desk.getByRole("dialog").getByRole("button", { name: "Send nothing" }).click();
    await expect(desk.getByRole("dialog")).toBeHidden();
    await context.close();
  });
}

test("customers are offered no such thing", async ({ page, person }) => {
  await reviewPro(page, person);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto("/invoices");
  await expect(page.getByRole("heading", { level: 1, name: "Invoices" })).toBeVisible();
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /^Send/ })).toHaveCount(0);
});
