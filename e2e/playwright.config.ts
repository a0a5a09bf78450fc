// The browser journeys. `cargo xtask e2e` starts a server and an emulator for each project and names them by
// BASE_URL, SANDBOX_URL and MAIL_DIR; run it rather than Playwright itself.
import { defineConfig, devices } from "@playwright/test";

const phone = {
  ...devices["Pixel 7"],
  // Only Chromium is at hand, and its own identity is as good as any.
  userAgent: undefined,
  viewport: { width: 390, height: 844 },
};

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  forbidOnly: Boolean(process.env["CI"]),
  workers: 2,
  // A second try would hide what happens once in ten times.
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"], ["json", { outputFile: process.env["PLAYWRIGHT_JSON_OUTPUT_NAME"] ?? "test-results/report.json" }]],
  use: {
    ...phone,
    baseURL: process.env["BASE_URL"],
    locale: "en-ZA",
    timezoneId: "Africa/Johannesburg",
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  // Each keeps what its failures left.
  projects: ["sqlite", "postgres"].map((name) => ({ name, outputDir: `test-results/${name}` })),
});
