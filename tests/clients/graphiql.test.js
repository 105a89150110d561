// GraphiQL in a browser, without a network: only in a server with the feature embedded-graphiql.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { url } from "./server.js";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const address = new URL("/graphiql", url).href;
const page = await fetch(address).then((response) => response.text());
const skip = !existsSync(executablePath)
  ? "there is no Chromium"
  : page.includes("https://") && "the server's GraphiQL is from a CDN";

if (process.env.REQUIRE_CHROMIUM) assert.ok(existsSync(executablePath), `there is no Chromium at ${executablePath}`);

let browser;
before(async () => {
  if (!skip) browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
after(async () => browser?.close());

// Opens one of the example tabs, and collects what goes wrong in the page.
async function open(example) {
  const tab = await browser.newPage();
  const problems = [];
  tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  tab.on("pageerror", (error) => problems.push(String(error)));
  tab.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).host !== new URL(url).host)
      problems.push(`asked ${request.url()}`);
  });
  await tab.goto(address);
  await tab.getByRole("tab", { name: example }).click();
  return { tab, problems };
}

// Executes until the text is in the answer: the editor learns the operation's name a moment after its tab is opened.
async function execute(tab, text) {
  const answer = tab.locator(".result-window .view-lines").getByText(text).first();
  for (let attempt = 1; ; attempt++) {
    await tab.getByRole("button", { name: /Execute query/ }).click();
    try {
      return await answer.waitFor({ timeout: 2000 });
    } catch (error) {
      if (attempt === 5) throw error;
    }
  }
}

test("an example is there and answered", { skip }, async () => {
  const { tab, problems } = await open("Hello");
  await execute(tab, "world");
  assert.deepEqual(problems, []);
});

test("a subscription shows its results as they come", { skip }, async () => {
  const { tab, problems } = await open("Count");
  await execute(tab, "4");
  assert.deepEqual(problems, []);
});

test("the schema is known: documentation, and validation in the editor", { skip }, async () => {
  const { tab, problems } = await open("Wrong");
  await tab.getByRole("button", { name: /Documentation Explorer/ }).first().click();
  await tab.getByRole("link", { name: "Query" }).first().waitFor();
  await tab.locator(".graphiql-query-editor .squiggly-error").first().waitFor();
  assert.deepEqual(problems, []);
});
