// Invoices: what customers find, sort, share and save, and what staff write, issue and correct.
import type { Page } from "@playwright/test";

import {
  expect, expectAccessible, goToPayfast, paidBadge, payInEmulator, reviewPro, test, type Person,
} from "../fixtures.ts";
import { staffPage } from "../staff.ts";

const WIDE = { width: 1280, height: 900 };

/** A customer with one paid invoice. */
async function buyPro(page: Page, person: Person): Promise<void> {
  await reviewPro(page, person);
  await goToPayfast(page);
  await payInEmulator(page);
  await expect(paidBadge(page)).toBeVisible();
}

/** Staff begin a draft for the customer and write one line. */
async function writeDraft(page: Page, company: string, price: string): Promise<void> {
  await page.goto("/invoices");
  await page.getByRole("link", { name: "New invoice" }).click();
  await page.getByRole("combobox", { name: "Customer" }).fill(company.slice(-14));
  await page.getByRole("option", { name: new RegExp(company) }).click();
  await page.getByRole("button", { name: "Start the draft" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Draft invoice" })).toBeVisible();
  await page.getByLabel("Description").first().fill("Set-up and training");
  await page.getByLabel("Unit price").first().fill(price);
  await savedAs(page, "Set-up and training", price);
  await expect(page.getByText(/^Saved \d\d:\d\d$/)).toBeVisible();
}

/** Waits until the server has the only line of the draft that `page` shows; the page says of the text before too that it is saved. */
async function savedAs(page: Page, description: string, price: string): Promise<void> {
  const draft = `/api/v1${new URL(page.url()).pathname.replace(/\/edit$/, "")}`;
  await expect
    .poll(async () => {
      const { lines } = (await (await page.request.get(draft)).json()) as { lines: DraftLine[] };
      return lines.map((line) => [line.description, line.unit_price.minor]);
    })
    .toEqual([[description, Number(price) * 100]]);
}

interface DraftLine {
  description: string;
  unit_price: { minor: number };
}

test("a customer filters, sorts, shares and saves invoices", async ({ page, person, context }) => {
  test.slow();
  await page.setViewportSize(WIDE);
  await buyPro(page, person);
  await page.goto("/invoices");
  await page.getByRole("button", { name: /^Paid/ }).click();
  await expect(page).toHaveURL(/status=paid/);
  await page.getByRole("button", { name: /^Open/ }).click();
  await expect(page, "states can be combined").toHaveURL(/status=paid&status=open/);
  await page.getByRole("button", { name: "Total" }).click();
  await expect(page.getByRole("columnheader", { name: "Total" })).toHaveAttribute("aria-sort", "descending");

  const shared = await context.newPage();
  await shared.setViewportSize(WIDE);
  await shared.goto(page.url());
  await expect(shared.getByRole("button", { name: /^Paid/ })).toHaveAttribute("aria-pressed", "true");
  await expect(shared.getByRole("columnheader", { name: "Total" })).toHaveAttribute("aria-sort", "descending");
  await shared.close();

  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect(page.getByText("1 selected")).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download PDFs" }).click();
  expect((await download).suggestedFilename()).toMatch(/^INV-\d+\.pdf$/);
  await page.keyboard.press("/");
  await page.keyboard.type("nothing like this");
  await expect(page.getByText("No invoice matches these filters.")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(page).not.toHaveURL(/search=/);
});

test("staff write, issue and correct an invoice", async ({ page, person, browser, baseURL }) => {
  test.slow();
  await reviewPro(page, person);
  const staff = await staffPage(browser, baseURL);
  const desk = staff.page;
  await writeDraft(desk, person.company, "1000");
  await expect(desk.getByText("R1\u00a0150.00").first()).toBeVisible();

  await desk.getByRole("button", { name: "Finalise invoice" }).click();
  await desk.getByRole("dialog").getByRole("button", { name: "Finalise invoice" }).click();
  await expect(desk.getByRole("heading", { level: 1, name: /^INV-/ })).toBeVisible();
  await desk.getByRole("button", { name: "Send invoice" }).click();
  await expect(desk.getByRole("button", { name: "Send reminder" })).toBeVisible();

  await desk.getByRole("button", { name: "Record EFT payment" }).click();
  const dialog = desk.getByRole("dialog");
  await dialog.getByLabel("Amount").fill("400,00");
  await dialog.getByLabel("Reference at the bank").fill(`EFT ${person.company}`);
  await dialog.getByRole("button", { name: "Record EFT payment" }).click();
  await expect(desk.getByText("Part paid")).toBeVisible();
  await expect(desk.getByText("R750.00").first()).toBeVisible();

  await desk.getByRole("button", { name: "Credit note" }).click();
  await dialog.getByLabel("Amount").fill("150");
  await dialog.getByLabel("Reason").fill("One hour less");
  await dialog.getByRole("button", { name: "Issue credit note" }).click();
  await expect(desk.getByText(/^CN-\d+/).first()).toBeVisible();
  await expect(desk.getByText("R600.00").first()).toBeVisible();
  await expect(desk.getByText("Balanced")).toBeVisible();
  await expectAccessible(desk);

  // The customer sees the same document, and the way to pay.
  await page.goto(new URL(desk.url()).pathname);
  await expect(page.getByRole("link", { name: "Pay R600.00 with PayFast" })).toBeVisible();
  await expect(page.getByRole("article").getByText("Pay by EFT")).toBeVisible();
  await expect(page.getByRole("article").getByText(/^Reference INV-\d+$/)).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByText("Pay by EFT"), "on paper too").toBeVisible();
  await page.emulateMedia({ media: null });
  await expectAccessible(page);
  await staff.context.close();
});

test.describe("two people at one draft", () => {
  // The browser reports the refusal of the second one.
  test.use({ expectedComplaints: [/status of 412/] });

  test("the later one loses nothing", async ({ page, person, browser, baseURL }) => {
    test.slow();
    await reviewPro(page, person);
    const staff = await staffPage(browser, baseURL);
    const first = staff.page;
    await writeDraft(first, person.company, "100");
    const second = await staff.context.newPage();
    await second.goto(first.url());
    await second.getByLabel("Description").first().fill("Set-up only");
    await savedAs(second, "Set-up only", "100");

    await first.getByLabel("Description").first().fill("Training only");
    await expect(first.getByText(/^Someone changed this draft at/)).toBeVisible();
    await first.reload();
    await expect(first.getByLabel("Description").first(), "the text is still there").toHaveValue("Training only");
    await first.getByRole("button", { name: "See their version" }).click();
    await expect(first.getByLabel("Description").first()).toHaveValue("Set-up only");
    await staff.context.close();
  });
});

for (const scheme of ["light", "dark"] as const) {
  for (const width of [360, 1280]) {
    test(`everybody can use the invoices: ${scheme}, ${width} pixels`, async ({ page, person, browser, baseURL }) => {
      test.slow();
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 800 });
      await buyPro(page, person);
      for (const path of ["/invoices", "/invoices?status=void", "/invoices?from=2026-01-01&min=100"]) {
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1, name: "Invoices" })).toBeVisible();
        await expectAccessible(page);
      }
      await page.goto("/invoices");
      await page.getByRole("link", { name: /^INV-/ }).first().click();
      await expect(page.getByRole("heading", { level: 1, name: /^INV-/ })).toBeVisible();
      await expect(page.getByText("Pay by EFT"), "nothing is owed").toHaveCount(0);
      await expectAccessible(page);

      const staff = await staffPage(browser, baseURL);
      await staff.page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      await staff.page.setViewportSize({ width, height: 800 });
      await writeDraft(staff.page, person.company, "12");
      await expectAccessible(staff.page);
      await staff.page.goto("/invoices");
      await expectAccessible(staff.page);
      await staff.context.close();
    });
  }
}
