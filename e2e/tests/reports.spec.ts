// Reports: one period for all, charts that keys can read, and the same rows as a table.
import { AxeBuilder } from "@axe-core/playwright";

import { answer, DESK, expectUsable } from "../desk.ts";
import { expect, test } from "../fixtures.ts";

const PERIOD = "from=2025-12-01&to=2026-11-30&group=month";

test("reports can be used by everybody, in both colours", async ({ page }) => {
  test.setTimeout(240_000);
  await answer(page, DESK);
  await expectUsable(page, ["revenue", "receivables", "vat", "payments"].map((report) => `/reports?report=${report}&${PERIOD}`));
});

test("arrows read the bars, and the table has the same rows", async ({ page }) => {
  await answer(page, DESK);
  await page.goto(`/reports?${PERIOD}`);
  const chart = page.getByRole("img", { name: /^Revenue with VAT rose from R/ });
  await chart.focus();
  await page.keyboard.press("End");
  await expect(page.getByRole("status").filter({ hasText: "Nov 2026: Before VAT" })).toBeVisible();
  await page.keyboard.press("ArrowLeft");
  await expect(page.getByRole("status").filter({ hasText: "Oct 2026: Before VAT" })).toBeVisible();
  await expect(chart.locator("[fill^='url(#hatch']"), "the month is not over").toHaveCount(2);
  await page.getByRole("button", { name: "Table" }).click();
  await expect(page.getByRole("table", { name: "Revenue with VAT" }).getByRole("row")).toHaveCount(13);
});

test("the period stands in the address and stays from tab to tab", async ({ page }) => {
  await answer(page, DESK);
  await page.goto("/reports");
  await page.getByRole("button", { name: /^Period/ }).click();
  await page.getByRole("textbox", { name: "From" }).fill("2026-10-01");
  await page.getByLabel("To", { exact: true }).fill("2026-10-31");
  await page.getByRole("button", { name: "Show period" }).click();
  await expect(page).toHaveURL(/from=2026-10-01&to=2026-10-31/);
  await page.getByRole("link", { name: "VAT", exact: true }).click();
  await expect(page).toHaveURL(/from=2026-10-01&to=2026-10-31/);
  await expect(page.getByRole("link", { name: "CSV" })).toHaveAttribute("href", /\/reports\/vat\.csv\?from=2026-10-01&to=2026-10-31/);
});

test("receivables are a picture with its values in words, or a table", async ({ page }) => {
  await answer(page, DESK);
  await page.goto(`/reports?report=receivables&${PERIOD}`);
  const picture = page.getByRole("img", { name: /^R48.208\.00 of R96.418\.00 is late\. Not yet due R48.210\.00, 1 to 30 days late R31.480\.00, / });
  await expect(picture).toBeVisible();
  await page.getByRole("button", { name: "Table" }).click();
  const table = page.getByRole("table", { name: "Still to be paid, by age" });
  await expect(table.getByRole("row")).toHaveCount(7);
  await expect(table.getByRole("row").last()).toContainText(/Sum\s*61\s*R96.418\.00/);
  await page.setViewportSize({ width: 360, height: 800 });
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Chart" }).click();
  await expect(picture).toBeVisible();
});
