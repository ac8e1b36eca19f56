import { createServer } from "node:http";

const server = createServer((request, response) => response.end("Hello from Node\n"));
server.listen(3000);
process.on("SIGTERM", () => server.close());
