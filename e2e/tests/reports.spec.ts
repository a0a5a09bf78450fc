// Reports: one period for all, charts that keys can read, and the same rows as a table.
import { answer, DESK, expectUsable, REVENUE } from "../desk.ts";
import { expect, expectAccessible, test } from "../fixtures.ts";

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
  await expectAccessible(page);
  await page.getByRole("button", { name: "Chart" }).click();
  await expect(picture).toBeVisible();
});

test("a month that took more back than it invoiced hangs below the line of nothing", async ({ page }) => {
  const zar = (minor: number): object => ({ minor, currency: "ZAR" });
  const periods = REVENUE.periods.map((period, index) => (index === 5 ? { ...period, net: zar(-5_000_000), vat: zar(-750_000) } : period));
  await answer(page, { ...DESK, "GET /reports/revenue": { ...REVENUE, periods } });
  await page.goto(`/reports?${PERIOD}`);
  const chart = page.getByRole("img", { name: /^Revenue with VAT/ });
  await expect(chart.getByText("\u2212R100k", { exact: true })).toBeVisible();
  const nothing = Number(await chart.locator("line.chart-base").getAttribute("y1"));
  const marks = await chart.locator(".chart-marks").nth(5).locator("path").evaluateAll((paths) =>
    paths.map((path) => (path as SVGGraphicsElement).getBBox()).map(({ y, height }) => [y, y + height] as const),
  );
  expect(marks).toHaveLength(2);
  for (const [top, bottom] of marks) {
    expect(top).toBeGreaterThanOrEqual(nothing - 0.1);
    expect(bottom, "above the names of the months").toBeLessThan(240);
  }
  await chart.focus();
  await page.keyboard.press("Home");
  for (let step = 0; step < 5; step += 1) await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("status").filter({ hasText: "May 2026: Before VAT \u2212R50" })).toBeVisible();
});
