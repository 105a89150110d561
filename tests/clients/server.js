// Where the server under test is.
const base = process.env.SCRAPERSKY_URL;
if (!base) throw new Error("SCRAPERSKY_URL must name the server, such as http://127.0.0.1:8080");

export const url = new URL("/graphql", base).href;
export const socketUrl = new URL("/graphql/ws", base.replace(/^http/, "ws")).href;
